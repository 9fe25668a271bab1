#include <libxml/xmlversion.h>
// Its converters' structures, which nothing here reads, would need ICU's headers; Swift's Foundation has others.
#undef LIBXML_ICU_ENABLED
#include <libxml/xmlreader.h>
#include <libxml/xmlwriter.h>
