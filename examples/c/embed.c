// Embeds each line of standard input and prints the cosine with the first.
//
//     cc embed.c $(pkg-config --cflags --libs taper) -o embed && ./embed mini.plan < texts.txt
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taper.h>

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, taper_last_error());
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return fprintf(stderr, "usage: embed PLAN < TEXTS\n"), 64;
  taper_plan *plan = NULL;
  taper_session *session = NULL;
  if (taper_plan_open(argv[1], NULL, &plan))
    return fail(argv[1]);
  taper_plan_facts facts = {.size = sizeof facts};
  if (taper_plan_read_facts(plan, &facts) || taper_session_open(plan, NULL, &session))
    return fail(argv[1]);
  if (facts.kind != TAPER_VECTOR)
    return fprintf(stderr, "%s: expected a plan of vectors\n", argv[1]), 1;

  float *first = NULL, *vector = malloc(facts.width * sizeof(float));
  char line[65536];
  while (fgets(line, sizeof line, stdin)) {
    size_t bytes = strcspn(line, "\n");
    taper_answer answer = {.size = sizeof answer};
    if (taper_run(session, line, bytes, NULL, 0, vector, facts.width, &answer))
      return fail("text");
    if (!first) {
      first = malloc(facts.width * sizeof(float));
      memcpy(first, vector, facts.width * sizeof(float));
    }
    double dot = 0;
    for (uint32_t i = 0; i < facts.width; i++)
      dot += (double)first[i] * vector[i];
    printf("%.4f  %u tokens  %.*s\n", dot, answer.tokens, (int)bytes, line);
  }
  free(first);
  free(vector);
  taper_session_close(&session);
  taper_plan_close(&plan);
  return 0;
}
