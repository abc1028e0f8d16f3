#pragma once
#include <exception>
#include <string>

// What the shims over DCMTK do alike: no exception leaves them.
namespace shim {

struct Failure {
  int status;
  std::string message;
};

// Runs body; every failure and every exception becomes a status, `failed` where it has none of its own, and a message.
template <typename Body> int guarded(int failed, void (*set_error)(const std::string &), Body body) noexcept {
  try {
    body();
    return 0;
  } catch (const Failure &failure) {
    set_error(failure.message);
    return failure.status;
  } catch (const std::exception &error) {
    set_error(error.what());
  } catch (...) {
    set_error("unknown C++ exception");
  }
  return failed;
}

} // namespace shim
