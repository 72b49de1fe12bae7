// siglab-test: outcomes = one
// C++: threads, condition variables and futures with time-outs; an exception; a signal
// between threads.
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <pthread.h>

using namespace std::chrono_literals;

static volatile std::sig_atomic_t caught;

int main() {
    setvbuf(stdout, nullptr, _IOLBF, 0);
    std::signal(SIGUSR1, [](int) { caught = caught + 1; });
    auto start = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(60ms);
    auto slept = std::chrono::steady_clock::now() - start;
    std::printf("slept: %s\n", slept >= 60ms && slept < 2s ? "yes" : "no");

    std::mutex lock;
    std::condition_variable changed;
    bool ready = false;
    {
        std::unique_lock<std::mutex> held(lock);
        std::printf("ready: %s\n", changed.wait_for(held, 50ms, [&] { return ready; }) ? "yes" : "no");
    }
    std::thread thread([&] {
        std::this_thread::sleep_for(80ms);
        std::lock_guard<std::mutex> held(lock);
        ready = true;
        changed.notify_one();
    });
    {
        std::unique_lock<std::mutex> held(lock);
        std::printf("ready: %s\n", changed.wait_for(held, 5s, [&] { return ready; }) ? "yes" : "no");
    }
    thread.join();

    // A sleep goes on after a handler.
    pthread_t self = pthread_self();
    std::thread sender([=] {
        std::this_thread::sleep_for(80ms);
        pthread_kill(self, SIGUSR1);
    });
    start = std::chrono::steady_clock::now();
    std::this_thread::sleep_until(start + 160ms);
    std::printf("slept on: %s, caught %d\n", std::chrono::steady_clock::now() - start >= 160ms ? "yes" : "no",
                static_cast<int>(caught));
    sender.join();

    auto future = std::async(std::launch::async, []() -> int {
        std::this_thread::sleep_for(100ms);
        throw std::runtime_error("from the future");
    });
    std::printf("timeout: %s\n", future.wait_for(30ms) == std::future_status::timeout ? "yes" : "no");
    try {
        future.get();
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
    }
    std::timed_mutex timed;
    timed.lock();
    std::thread([&] { std::printf("locked: %s\n", timed.try_lock_for(40ms) ? "yes" : "no"); }).join();
    return 3;
}
