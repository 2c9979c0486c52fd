// Files: mapped into memory, and written so that they appear complete or not at all. POSIX only.
// What all formats share; each says for itself what its bytes mean.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "error.hpp"

namespace ctgrad::detail {

inline std::string system_problem(int code) { return std::generic_category().message(code); }

/// A file name for messages: on one line, whatever it has in it.
inline std::string printable_path(std::string name) {
  std::replace_if(name.begin(), name.end(), [](char letter) { return static_cast<unsigned char>(letter) < ' '; }, '?');
  return name;
}

/// An open file, closed with its scope.
class file_descriptor {
 public:
  explicit file_descriptor(int descriptor) : descriptor_(descriptor) {}
  file_descriptor(file_descriptor const&) = delete;
  file_descriptor& operator=(file_descriptor const&) = delete;
  ~file_descriptor() { close(); }
  int get() const { return descriptor_; }
  /// False if the system reports a late write error.
  bool close() { return descriptor_ < 0 || ::close(std::exchange(descriptor_, -1)) == 0; }

 private:
  int descriptor_;
};

/// The bytes of a file, read-only in memory; moves, and is unmapped with its scope.
class mapped_file {
 public:
  explicit mapped_file(std::string const& path) {
    std::string const name = printable_path(path);
    file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) throw io_error(name + ": cannot be opened: " + system_problem(errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) throw io_error(name + ": cannot be examined: " + system_problem(errno));
    if (!S_ISREG(status.st_mode)) throw io_error(name + ": is not a regular file");
    if (status.st_size == 0) throw io_error(name + ": is empty");
    std::size_t const size = static_cast<std::size_t>(status.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (memory == MAP_FAILED) throw io_error(name + ": cannot be mapped: " + system_problem(errno));
    bytes_ = {static_cast<std::byte const*>(memory), size};
  }
  mapped_file(mapped_file&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  mapped_file& operator=(mapped_file&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~mapped_file() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  std::span<std::byte const> bytes() const { return bytes_; }

 private:
  std::span<std::byte const> bytes_;
};

/// Writes all of `bytes`, also where the system takes them in parts or is interrupted. False on failure, with errno set.
inline bool write_all(int file, std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    ::ssize_t const written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// A new file beside `path`, of a name that nothing else has. It is removed with its scope, unless it was renamed.
class part_file {
 public:
  explicit part_file(std::string const& path) : descriptor_(open_beside(path)), exists_(descriptor_.get() >= 0) {}
  part_file(part_file const&) = delete;
  part_file& operator=(part_file const&) = delete;
  ~part_file() {
    if (exists_) ::unlink(name_.c_str());
  }
  /// Negative if it could not be opened; errno says why.
  int get() const { return descriptor_.get(); }
  /// Closes the file, once it is on the disk, and gives it the name `path`, in place of what had it. False on failure, with errno set.
  bool replace(std::string const& path) {
    if (::fsync(descriptor_.get()) != 0 || !descriptor_.close() || ::rename(name_.c_str(), path.c_str()) != 0) return false;
    exists_ = false;
    return true;
  }

 private:
  int open_beside(std::string const& path) {
    int file = -1;
    for (int attempt = 0; attempt < 1000 && file < 0; ++attempt) {
      name_ = path + ".part-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
      file = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file < 0 && errno != EEXIST) break;
    }
    return file;
  }

  std::string name_;
  file_descriptor descriptor_;
  bool exists_;
};

}  // namespace ctgrad::detail
