// Files for tests: a folder that goes with the test, and bytes.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace ctgrad::test {

/// An empty folder that is removed after the test.
struct folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("ctgrad_test_" + std::to_string(std::random_device{}()));
  folder() { std::filesystem::create_directories(path); }
  ~folder() { std::filesystem::remove_all(path); }
  std::string file(std::string const& name) const { return (path / name).string(); }
  std::ptrdiff_t count() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
};

inline std::string read_bytes(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_bytes(std::string const& path, std::string const& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

}  // namespace ctgrad::test
