#include "ck_isa.h"
