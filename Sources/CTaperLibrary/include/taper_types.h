// The types of libtaper's interface; taper.h has the functions.
#ifndef TAPER_TYPES_H
#define TAPER_TYPES_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A plan in memory: validated, immutable, its weights mapped. Any number of threads may use one.
typedef struct taper_plan taper_plan;
/// What runs a plan's texts, one after the other: one thread at a time. Sessions of one plan share its
/// weights.
typedef struct taper_session taper_session;

/// What became of a call. taper_last_error() has the reason in words.
typedef enum taper_status {
  TAPER_OK = 0,
  TAPER_ARGUMENT = 1, ///< NULL where a pointer is needed, a size or an option that the plan does not go with
  TAPER_FILE = 2,     ///< a file that cannot be read, is damaged, or is no plan
  TAPER_UNFIT = 3,    ///< a sound plan that this library or this machine cannot run as asked
  TAPER_INPUT = 4,    ///< a text or tokens that the plan does not take
  TAPER_RESULT = 5,   ///< the answer has numbers that are NaN or infinite, and so says nothing
  TAPER_CAPACITY = 6, ///< the caller's buffer is too small; nothing was written to it
  TAPER_CANARY = 7,   ///< canary examples whose answers are not the plan's
} taper_status;

/// What an answer is.
typedef enum taper_kind {
  TAPER_VECTOR = 0,        ///< `width` numbers
  TAPER_CLASSES = 1,       ///< `width` probabilities, which add up to one
  TAPER_LABELS = 2,        ///< `width` probabilities, each for itself
  TAPER_VALUES = 3,        ///< `width` numbers; a reranker has one
  TAPER_TOKEN_CLASSES = 4, ///< `width` probabilities for every token
  TAPER_SPARSE_VECTOR = 5, ///< `width` weights, one for each entry of the vocabulary
  TAPER_TOKEN_VECTORS = 6, ///< a vector of `width` numbers for every token
} taper_kind;

/// How a plan is opened; all but the size may be zero.
typedef struct taper_plan_options {
  size_t size;              ///< sizeof(taper_plan_options): later versions may append members
  const char *weights_path; ///< of a plan that does not carry its weights; NULL: in the plan's folder
  int prefault;             ///< whether all weights are read now, rather than by the first answers
  int lock;                 ///< whether they are kept in memory besides (RLIMIT_MEMLOCK)
  int strict; ///< whether a CPU without the tier of the plan's predictions is refused (TAPER_UNFIT)
} taper_plan_options;

/// How a session is opened; all but the size may be zero.
typedef struct taper_session_options {
  size_t size;        ///< sizeof(taper_session_options)
  uint32_t threads;   ///< workers, at most as many as the plan was made for; 0: those, but no more than there
                      ///< are CPUs
  const char *prompt; ///< the name of the model's prompt that goes before every text; NULL: its default one
  int no_prompt;      ///< whether none does
} taper_session_options;

/// Facts of a plan. Strings live as long as the plan.
typedef struct taper_plan_facts {
  size_t size; ///< sizeof(taper_plan_facts), set by the caller
  taper_kind kind;
  uint32_t width;          ///< see taper_kind
  uint32_t maximum_tokens; ///< of a text, special tokens included
  uint32_t threads;        ///< the most workers of a session
  uint32_t vocabulary;     ///< token ids are below it
  int is_normalized;       ///< whether a vector's length is one
  const char *model;       ///< the model's name
} taper_plan_facts;

/// What is known of an answer besides its numbers.
typedef struct taper_answer {
  size_t size;      ///< sizeof(taper_answer), set by the caller
  size_t count;     ///< numbers of the answer
  uint32_t tokens;  ///< that were run, special tokens included
  int is_truncated; ///< whether tokens of the text were cut off to fit
  uint32_t layers;  ///< that were run; fewer than the model has where the answer was certain before
} taper_answer;

/// A token of a text.
typedef struct taper_token {
  uint32_t id, type;
  int32_t text;        ///< 0: of the text, 1: of its pair, −1: a special token
  uint32_t begin, end; ///< its place in that text, in Unicode scalars
} taper_token;

#ifdef __cplusplus
}
#endif
#endif
