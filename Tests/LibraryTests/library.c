// What libtaper does with sound and unsound calls. Exits 0 when all is as expected; else it names each
// difference.
//
// usage: library VECTORS LABELS TOKENS   plans of vectors, of classes, of token classes
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taper.h>

static int failures = 0;

#define EXPECT(condition)                                                                                    \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "line %d: expected %s; last error: %s\n", __LINE__, #condition, taper_last_error());   \
      failures++;                                                                                            \
    }                                                                                                        \
  } while (0)

/// Whether a call failed with `status` and a text that has `word`.
static int refuses(taper_status found, taper_status status, const char *word) {
  return found == status && strstr(taper_last_error(), word) != NULL;
}

static taper_plan *opened(const char *path) {
  taper_plan *plan = NULL;
  EXPECT(taper_plan_open(path, NULL, &plan) == TAPER_OK && plan);
  return plan;
}

static taper_plan_facts facts_of(const taper_plan *plan) {
  taper_plan_facts facts = {.size = sizeof facts};
  EXPECT(taper_plan_read_facts(plan, &facts) == TAPER_OK);
  return facts;
}

static taper_session *session_of(const taper_plan *plan) {
  taper_session *session = NULL;
  EXPECT(taper_session_open(plan, NULL, &session) == TAPER_OK && session);
  return session;
}

static void plans(const char *path) {
  taper_plan *plan = (taper_plan *)1;
  EXPECT(refuses(taper_plan_open(NULL, NULL, &plan), TAPER_ARGUMENT, "path") && plan == NULL);
  EXPECT(refuses(taper_plan_open(path, NULL, NULL), TAPER_ARGUMENT, "plan"));
  EXPECT(refuses(taper_plan_open("/nowhere/a.plan", NULL, &plan), TAPER_FILE, "/nowhere/a.plan") && !plan);
  EXPECT(taper_plan_open("\xff\xfe", NULL, &plan) == TAPER_ARGUMENT && !plan);
  taper_plan_options options = {0};
  EXPECT(refuses(taper_plan_open(path, &options, &plan), TAPER_ARGUMENT, "size") && !plan);
  options.size = sizeof options, options.weights_path = "/nowhere/a.weights", options.prefault = 1;
  taper_plan_open(path, &options, &plan); // whether the plan carries its weights is its own matter
  taper_plan_close(&plan);

  // a plan that ends early, at every length that a header or a section may end at
  FILE *file = fopen(path, "rb");
  static char bytes[1 << 22];
  size_t count = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  if (file)
    fclose(file);
  EXPECT(count > 1000);
  char cut[] = "/tmp/taper-library-XXXXXX";
  int descriptor = mkstemp(cut);
  if (descriptor >= 0) {
    FILE *part = fdopen(descriptor, "wb");
    fwrite(bytes, 1, count / 2, part);
    fclose(part);
    EXPECT(taper_plan_open(cut, NULL, &plan) == TAPER_FILE && !plan);
    remove(cut);
  }

  plan = opened(path);
  taper_plan_facts facts = {0};
  EXPECT(refuses(taper_plan_read_facts(plan, &facts), TAPER_ARGUMENT, "size"));
  EXPECT(taper_plan_read_facts(plan, NULL) == TAPER_ARGUMENT);
  EXPECT(taper_plan_read_facts(NULL, &facts) == TAPER_ARGUMENT);
  facts = facts_of(plan);
  EXPECT(facts.width > 0 && facts.maximum_tokens > 2 && facts.threads > 0 && facts.model && facts.model[0]);
  uint64_t time = 0;
  EXPECT(taper_plan_predict(plan, facts.maximum_tokens, &time) == TAPER_OK && time > 0);
  EXPECT(taper_plan_predict(plan, 0, &time) == TAPER_ARGUMENT);
  EXPECT(taper_plan_predict(plan, facts.maximum_tokens + 1, &time) == TAPER_ARGUMENT);
  EXPECT(taper_plan_predict(plan, 1, NULL) == TAPER_ARGUMENT);
  EXPECT(taper_plan_verify(plan) == TAPER_OK);
  EXPECT(taper_plan_verify(NULL) == TAPER_ARGUMENT);
  EXPECT(taper_plan_label(NULL, 0) == NULL && taper_plan_label(plan, 1 << 30) == NULL);
  taper_plan_close(&plan);
  EXPECT(plan == NULL);
  taper_plan_close(&plan);
  taper_plan_close(NULL);
}

static void texts(const char *path) {
  taper_plan *plan = opened(path);
  taper_plan_facts facts = facts_of(plan);
  taper_session *session = NULL;
  taper_session_options options = {.size = sizeof options, .prompt = "no such prompt"};
  EXPECT(refuses(taper_session_open(plan, &options, &session), TAPER_ARGUMENT, "prompt") && !session);
  options.prompt = NULL, options.threads = 100000;
  EXPECT(taper_session_open(plan, &options, &session) == TAPER_ARGUMENT && !session);
  EXPECT(taper_session_open(NULL, NULL, &session) == TAPER_ARGUMENT);
  EXPECT(taper_session_open(plan, NULL, NULL) == TAPER_ARGUMENT);
  session = session_of(plan);
  taper_plan_close(&plan); // the session keeps it
  EXPECT(taper_session_check(session) == TAPER_OK);
  EXPECT(taper_session_check(NULL) == TAPER_ARGUMENT);

  float *vector = malloc(facts.width * sizeof(float)), *again = malloc(facts.width * sizeof(float));
  taper_answer answer = {.size = sizeof answer};
  const char *text = "the quick brown fox";
  EXPECT(taper_run(session, text, strlen(text), NULL, 0, vector, facts.width, &answer) == TAPER_OK);
  EXPECT(answer.count == facts.width && answer.tokens >= 3 && !answer.is_truncated && answer.layers > 0);
  for (uint32_t i = 0; i < facts.width; i++)
    EXPECT(isfinite(vector[i]));

  taper_token tokens[64];
  size_t count = 0;
  EXPECT(taper_last_tokens(session, tokens, 64, &count) == TAPER_OK && count == answer.tokens);
  EXPECT(tokens[0].text == -1 && tokens[1].text == 0 && tokens[1].end > tokens[1].begin);
  taper_token before[64];
  size_t as_many = 0;
  EXPECT(taper_tokenize(session, text, strlen(text), NULL, 0, before, 64, &as_many) == TAPER_OK);
  EXPECT(as_many == count && memcmp(before, tokens, count * sizeof *tokens) == 0);
  EXPECT(taper_tokenize(session, "\xff", 1, NULL, 0, before, 64, &as_many) == TAPER_INPUT);
  EXPECT(taper_tokenize(session, text, strlen(text), NULL, 0, NULL, 0, &as_many) == TAPER_CAPACITY);
  EXPECT(taper_tokenize(NULL, text, 1, NULL, 0, before, 64, &as_many) == TAPER_ARGUMENT);
  EXPECT(taper_last_tokens(session, tokens, 1, &count) == TAPER_CAPACITY && count == answer.tokens);
  EXPECT(taper_last_tokens(session, NULL, 64, &count) == TAPER_CAPACITY);
  EXPECT(taper_last_tokens(session, tokens, 64, NULL) == TAPER_ARGUMENT);

  // the same tokens give the same bits
  uint32_t ids[64], types[64];
  for (size_t i = 0; i < count; i++)
    ids[i] = tokens[i].id, types[i] = tokens[i].type;
  EXPECT(taper_run_ids(session, ids, types, count, again, facts.width, &answer) == TAPER_OK);
  EXPECT(memcmp(vector, again, facts.width * sizeof(float)) == 0 && answer.tokens == count);
  EXPECT(taper_last_tokens(session, tokens, 64, &count) == TAPER_OK && count == 0);

  EXPECT(taper_run(session, text, strlen(text), NULL, 0, again, facts.width - 1, &answer) == TAPER_CAPACITY);
  EXPECT(answer.count == facts.width);
  EXPECT(taper_run(session, text, strlen(text), NULL, 0, NULL, 0, NULL) == TAPER_CAPACITY);
  EXPECT(taper_run(session, "", 0, NULL, 0, again, facts.width, NULL) == TAPER_OK);
  EXPECT(taper_run(session, NULL, 0, NULL, 0, again, facts.width, NULL) == TAPER_OK);
  EXPECT(taper_run(session, NULL, 5, NULL, 0, again, facts.width, NULL) == TAPER_ARGUMENT);
  EXPECT(taper_run(NULL, text, 1, NULL, 0, again, facts.width, NULL) == TAPER_ARGUMENT);
  EXPECT(refuses(taper_run(session, "\xff\xfe", 2, NULL, 0, again, facts.width, NULL), TAPER_INPUT, "UTF-8"));
  EXPECT(taper_run(session, "\xed\xa0\x80", 3, NULL, 0, again, facts.width, NULL) == TAPER_INPUT);
  EXPECT(taper_run(session, text, (size_t)-1, NULL, 0, again, facts.width, NULL) == TAPER_ARGUMENT);
  answer.size = 1;
  EXPECT(taper_run(session, text, 3, NULL, 0, again, facts.width, &answer) == TAPER_ARGUMENT);
  answer.size = sizeof answer;
  char *long_text = malloc(1 << 20);
  memset(long_text, 'a', 1 << 20);
  for (size_t i = 3; i < 1 << 20; i += 4)
    long_text[i] = ' ';
  EXPECT(taper_run(session, long_text, 1 << 20, NULL, 0, again, facts.width, &answer) == TAPER_OK);
  EXPECT(answer.is_truncated && answer.tokens == facts.maximum_tokens);
  free(long_text);

  EXPECT(refuses(taper_run_ids(session, ids, NULL, 0, again, facts.width, NULL), TAPER_INPUT, "token"));
  EXPECT(taper_run_ids(session, ids, NULL, (size_t)-1, again, facts.width, NULL) == TAPER_INPUT);
  EXPECT(taper_run_ids(session, ids, NULL, 1000000, again, facts.width, NULL) == TAPER_INPUT);
  EXPECT(taper_run_ids(session, NULL, NULL, 3, again, facts.width, NULL) == TAPER_ARGUMENT);
  ids[1] = facts.vocabulary;
  EXPECT(taper_run_ids(session, ids, NULL, 3, again, facts.width, NULL) == TAPER_INPUT);
  ids[1] = UINT32_MAX;
  EXPECT(taper_run_ids(session, ids, NULL, 3, again, facts.width, NULL) == TAPER_INPUT);

  // what was refused left nothing behind
  EXPECT(taper_run(session, text, strlen(text), NULL, 0, again, facts.width, NULL) == TAPER_OK);
  EXPECT(memcmp(vector, again, facts.width * sizeof(float)) == 0);
  taper_session_close(&session);
  EXPECT(session == NULL);
  taper_session_close(&session);
  taper_session_close(NULL);
  free(vector), free(again);
}

typedef struct job {
  const taper_plan *plan;
  uint32_t width;
  float *result;
  int is_wrong;
} job;

static void *answer_many(void *given) {
  job *mine = given;
  taper_session *session = NULL;
  taper_session_options options = {.size = sizeof options, .threads = 1};
  float *result = malloc(mine->width * sizeof(float));
  mine->is_wrong = taper_session_open(mine->plan, &options, &session) != TAPER_OK;
  for (int i = 0; i < 200 && !mine->is_wrong; i++) {
    // another thread's error is not this one's
    mine->is_wrong |= taper_run(session, "\xff", 1, NULL, 0, result, mine->width, NULL) != TAPER_INPUT;
    mine->is_wrong |= taper_run(session, "a text", 6, NULL, 0, result, mine->width, NULL) != TAPER_OK;
    mine->is_wrong |= memcmp(result, mine->result, mine->width * sizeof(float)) != 0;
  }
  taper_session_close(&session);
  free(result);
  return NULL;
}

static void threads(const char *path) {
  taper_plan *plan = opened(path);
  taper_session *session = session_of(plan);
  job jobs[8];
  taper_plan_facts facts = facts_of(plan);
  float *result = malloc(facts.width * sizeof(float));
  EXPECT(taper_run(session, "a text", 6, NULL, 0, result, facts.width, NULL) == TAPER_OK);
  pthread_t handles[8];
  for (int i = 0; i < 8; i++) {
    jobs[i] = (job){plan, facts.width, result, 0};
    pthread_create(&handles[i], NULL, answer_many, &jobs[i]);
  }
  for (int i = 0; i < 8; i++) {
    pthread_join(handles[i], NULL);
    EXPECT(!jobs[i].is_wrong);
  }
  taper_session_close(&session);
  taper_plan_close(&plan);
  free(result);
}

static void classes(const char *path) {
  taper_plan *plan = opened(path);
  taper_session *session = session_of(plan);
  taper_plan_facts facts = facts_of(plan);
  EXPECT(facts.kind == TAPER_CLASSES);
  float *scores = malloc(facts.width * sizeof(float)), *of_pair = malloc(facts.width * sizeof(float));
  EXPECT(taper_run(session, "a", 1, NULL, 0, scores, facts.width, NULL) == TAPER_OK);
  EXPECT(taper_run(session, "a", 1, "b c", 3, of_pair, facts.width, NULL) == TAPER_OK);
  EXPECT(memcmp(scores, of_pair, facts.width * sizeof(float)) != 0);
  double sum = 0;
  for (uint32_t i = 0; i < facts.width; i++) {
    sum += scores[i];
    EXPECT(taper_plan_label(plan, i) != NULL);
  }
  EXPECT(fabs(sum - 1) < 1e-5 && taper_plan_label(plan, facts.width) == NULL);
  taper_token tokens[16];
  size_t count = 0;
  EXPECT(taper_last_tokens(session, tokens, 16, &count) == TAPER_OK && tokens[count - 2].text == 1);
  taper_session_close(&session);
  taper_plan_close(&plan);
  free(scores), free(of_pair);
}

static void token_classes(const char *path) {
  taper_plan *plan = opened(path);
  taper_session *session = session_of(plan);
  taper_plan_facts facts = facts_of(plan);
  EXPECT(facts.kind == TAPER_TOKEN_CLASSES);
  float scores[4096];
  taper_answer answer = {.size = sizeof answer};
  EXPECT(taper_run(session, "a b", 3, NULL, 0, scores, 4096, &answer) == TAPER_OK);
  EXPECT(answer.count == (size_t)answer.tokens * facts.width);
  taper_session_close(&session);
  taper_plan_close(&plan);
}

int main(int argc, char **argv) {
  if (argc != 4)
    return fprintf(stderr, "usage: library VECTORS LABELS TOKENS\n"), 64;
  EXPECT(taper_abi() == TAPER_ABI && strchr(taper_version(), '.') && taper_last_error()[0] == 0);
  plans(argv[1]);
  texts(argv[1]);
  threads(argv[1]);
  classes(argv[2]);
  token_classes(argv[3]);
  if (!failures)
    puts("libtaper: all as expected");
  return failures != 0;
}
