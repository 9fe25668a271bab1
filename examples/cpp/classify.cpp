// Labels each line of standard input, on as many threads as there are CPUs: one session each, one plan for all.
//
//     c++ -std=c++17 classify.cpp $(pkg-config --cflags --libs taper) -pthread -o classify
//     ./classify topics.plan < texts.txt
#include <algorithm>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <taper.h>
#include <thread>
#include <vector>

static void check(taper_status status) {
  if (status != TAPER_OK)
    throw std::runtime_error(taper_last_error());
}

/// A plan or session that is closed with its scope.
struct Plan {
  taper_plan *handle = nullptr;
  explicit Plan(const char *path) { check(taper_plan_open(path, nullptr, &handle)); }
  ~Plan() { taper_plan_close(&handle); }
};
struct Session {
  taper_session *handle = nullptr;
  explicit Session(const Plan &plan) {
    taper_session_options options = {};
    options.size = sizeof options, options.threads = 1;
    check(taper_session_open(plan.handle, &options, &handle));
  }
  ~Session() { taper_session_close(&handle); }
};

int main(int argc, char **argv) {
  if (argc != 2)
    return std::cerr << "usage: classify PLAN < TEXTS\n", 64;
  try {
    Plan plan(argv[1]);
    taper_plan_facts facts = {};
    facts.size = sizeof facts;
    check(taper_plan_read_facts(plan.handle, &facts));
    if (facts.kind != TAPER_CLASSES)
      throw std::runtime_error("expected a plan of classes");
    std::vector<std::string> texts;
    for (std::string line; std::getline(std::cin, line);)
      texts.push_back(line);

    std::vector<std::string> answers(texts.size()), errors(std::max(1u, std::thread::hardware_concurrency()));
    std::vector<std::thread> threads;
    for (size_t number = 0; number < errors.size(); number++)
      threads.emplace_back([&, number] {
        try {
          Session session(plan);
          std::vector<float> scores(facts.width);
          for (size_t i = number; i < texts.size(); i += errors.size()) {
            check(taper_run(session.handle, texts[i].data(), texts[i].size(), nullptr, 0, scores.data(),
                            scores.size(), nullptr));
            auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
            answers[i] = taper_plan_label(plan.handle, static_cast<uint32_t>(best));
          }
        } catch (const std::exception &error) {
          errors[number] = error.what();
        }
      });
    for (auto &thread : threads)
      thread.join();
    for (auto &error : errors)
      if (!error.empty())
        throw std::runtime_error(error);
    for (auto &answer : answers)
      std::cout << answer << "\n";
  } catch (const std::exception &error) {
    std::cerr << argv[1] << ": " << error.what() << "\n";
    return 1;
  }
}
