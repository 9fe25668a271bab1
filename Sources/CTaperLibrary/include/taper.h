// libtaper: runs the plans that `taper plan` makes.
//
// Every call that can fail gives a taper_status; taper_last_error() then says in words what was expected,
// what was found and what to do. Nothing here ends the process or throws. There is no global state but that
// text, which each thread has for itself. Texts are UTF-8 of a given length and need no zero at their end.
//
//     taper_plan *plan;
//     taper_session *session;
//     if (taper_plan_open("mini.plan", NULL, &plan) || taper_session_open(plan, NULL, &session))
//       return fprintf(stderr, "%s\n", taper_last_error()), 1;
//     float vector[384];
//     if (taper_run(session, "a text", 6, NULL, 0, vector, 384, NULL))
//       fprintf(stderr, "%s\n", taper_last_error());
//     taper_session_close(&session);
//     taper_plan_close(&plan);
#ifndef TAPER_H
#define TAPER_H
#include "taper_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The interface this header describes. It grows when something that programs rely on changes, which then
/// also changes the library's soname.
#define TAPER_ABI 1

/// TAPER_ABI of the library.
uint32_t taper_abi(void);
/// The library's version, as "0.1.0".
const char *taper_version(void);
/// Why this thread's last failed call failed; "" before the first. Lives until the thread's next failed call.
const char *taper_last_error(void);

/// Maps and validates a plan file. `options` may be NULL. On failure *plan is NULL.
taper_status taper_plan_open(const char *path, const taper_plan_options *options, taper_plan **plan);
/// Closes *plan, which becomes NULL; NULL is no error. Sessions of it stay usable.
void taper_plan_close(taper_plan **plan);
/// The plan's facts.
taper_status taper_plan_read_facts(const taper_plan *plan, taper_plan_facts *facts);
/// The name of class, label or token class `index`, which lives as long as the plan; NULL when there is none.
const char *taper_plan_label(const taper_plan *plan, uint32_t index);
/// Nanoseconds that a text of `tokens` tokens was predicted to take on the machine the plan was made for.
taper_status taper_plan_predict(const taper_plan *plan, uint32_t tokens, uint64_t *nanoseconds);
/// Reads all weights and compares their digest with the plan's: TAPER_FILE when they differ.
taper_status taper_plan_verify(const taper_plan *plan);

/// A session, with its memory and workers; `options` may be NULL. On failure *session is NULL.
taper_status taper_session_open(const taper_plan *plan, const taper_session_options *options,
                                taper_session **session);
/// Closes *session, which becomes NULL; NULL is no error.
void taper_session_close(taper_session **session);
/// Runs the plan's canary examples: TAPER_CANARY when an answer differs by more than rounding may.
taper_status taper_session_check(taper_session *session);

/// The answer to a text, or to a text and its pair (`pair` NULL: none).
///
/// result: room for `capacity` floats. answer: may be NULL. With TAPER_CAPACITY nothing is written to
/// `result`, and answer->count says how many are needed.
taper_status taper_run(taper_session *session, const char *text, size_t text_bytes, const char *pair,
                       size_t pair_bytes, float *result, size_t capacity, taper_answer *answer);
/// The answer to token ids, special tokens included; `types` may be NULL: all zero. No prompt is added.
taper_status taper_run_ids(taper_session *session, const uint32_t *ids, const uint32_t *types, size_t count,
                           float *result, size_t capacity, taper_answer *answer);
/// The tokens of a text, or of a text and its pair, as taper_run would cut it, prompt and special tokens
/// included. *count: how many there are; with TAPER_CAPACITY none was written.
taper_status taper_tokenize(const taper_session *session, const char *text, size_t text_bytes,
                            const char *pair, size_t pair_bytes, taper_token *tokens, size_t capacity,
                            size_t *count);
/// The tokens of the last text that taper_run answered, as the plan's tokenizer cut it. *count: how many
/// there are; with TAPER_CAPACITY none was written. After taper_run_ids, or before the first text, there are
/// none.
taper_status taper_last_tokens(const taper_session *session, taper_token *tokens, size_t capacity,
                               size_t *count);

#ifdef __cplusplus
}
#endif
#endif
