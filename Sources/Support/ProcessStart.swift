internal import CSpawn
import Foundation

/// Starts other programs: spawned, not forked, as this process has threads.
enum ProcessStart {
  /// The system's error number.
  struct Failure: Error { let number: Int32 }

  /// Starts a program in a process group of its own, and gives its identifier.
  ///
  /// It inherits no open files but these, which become its standard ones; what is nil is `/dev/null`.
  static func run(
    _ path: String, _ arguments: [String], input: Int32? = nil, output: Int32? = nil, messages: Int32? = nil,
    in folder: String? = nil, _ environment: [String: String]
  ) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (standard, file) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, messages)] {
      if let file {
        posix_spawn_file_actions_adddup2(&actions, file, standard)
      } else {
        posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", standard == 0 ? O_RDONLY : O_WRONLY, 0)
      }
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    posix_spawnattr_setpgroup(&attributes, 0)
    // The threads of a task pool block signals, which a program would inherit.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)

    var words = ([path] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (words + variables).forEach { free($0) } }
    var identifier: pid_t = 0
    let number = posix_spawn(&identifier, path, &actions, &attributes, &words, &variables)
    guard number == 0 else { throw Failure(number: number) }
    return identifier
  }
}
