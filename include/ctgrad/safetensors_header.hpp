// The header of a safetensors file: read from bytes, and written.
// Files come from anywhere, so every field is checked and no byte is trusted; kept apart from files so that it can be fuzzed. The JSON is nlohmann's.
// Format: https://github.com/huggingface/safetensors#format, whose rules are all enforced: no overlaps, no holes, nothing left over, no name twice.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../compiler/dtype.hpp"
#include "named_tensor.hpp"

namespace ctgrad::detail {

static_assert(std::endian::native == std::endian::little, "ctgrad: safetensors files are read and written on little-endian machines only");

/// A dtype of the format: its name, its size, and whether tensors here have it.
struct safetensors_dtype {
  std::string_view name;
  int size;
  int type;
};
inline constexpr safetensors_dtype safetensors_dtypes[] = {
    {"BOOL", 1, static_cast<int>(dtype::bool_)},   {"I32", 4, static_cast<int>(dtype::int32)},   {"I64", 8, static_cast<int>(dtype::int64)},
    {"F32", 4, static_cast<int>(dtype::float32)},  {"F64", 8, static_cast<int>(dtype::float64)}, {"U8", 1, -1},
    {"I8", 1, -1},     {"I16", 2, -1},     {"U16", 2, -1},      {"U32", 4, -1},      {"U64", 8, -1}, {"F16", 2, static_cast<int>(dtype::float16)},
    {"BF16", 2, static_cast<int>(dtype::bfloat16)},   {"F8_E5M2", 1, -1}, {"F8_E4M3", 1, -1},  {"F8_E8M0", 1, -1},  {"C64", 8, -1},
};

/// What the header says of one tensor. Its bytes lie at [begin, end) behind the header.
struct safetensors_entry {
  std::string name;
  safetensors_dtype const* type;
  std::vector<std::int64_t> shape;
  std::size_t begin, end;
};
struct safetensors_header {
  std::vector<safetensors_entry> tensors;  // as they lie
  std::map<std::string, std::string> metadata;
  std::size_t data_offset = 0;
};

/// The JSON of a header, with no name twice and nothing deeper than a header is. Throws io_error.
inline nlohmann::json parse_safetensors_json(std::string_view text, std::string const& file) {
  using json = nlohmann::json;
  std::vector<std::set<std::string>> keys;
  int depth = 0;
  auto const check = [&](int, json::parse_event_t event, json& parsed) {
    using enum json::parse_event_t;
    if (event == object_start) keys.emplace_back();
    if (event == object_end) keys.pop_back();
    if (event == object_start || event == array_start) ++depth;
    if (event == object_end || event == array_end) --depth;
    if (depth > 3) throw io_error(file + ": malformed safetensors header: it is nested too deeply");
    if (event == key && !keys.back().insert(parsed.get<std::string>()).second)
      throw io_error(file + ": malformed safetensors header: " + in_quotes(parsed.get<std::string>()) + " occurs twice");
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (json::exception const& problem) {
    std::string_view what = problem.what();
    what.remove_prefix(std::min(what.size(), what.find("] ") + 2));
    throw io_error(file + ": malformed safetensors header: " + std::string(what));
  }
}

/// One tensor of the header. Throws io_error, dtype_error, shape_error.
inline safetensors_entry parse_safetensors_entry(std::string const& name, nlohmann::json const& fields, std::string const& file) {
  std::string const place = place_of_tensor(file, name);
  auto const fail = [&](std::string const& problem) { throw io_error(place + ": " + problem); };
  if (!fields.is_object()) fail("its header is no object");
  for (auto const& [key, value] : fields.items())
    if (key != "dtype" && key != "shape" && key != "data_offsets") fail("unknown key " + in_quotes(key));
  auto const field = [&](char const* key) -> nlohmann::json const& {
    if (!fields.contains(key)) fail(std::string("no key '") + key + "'");
    return fields[key];
  };
  auto const numbers = [&](char const* key) {
    auto const& list = field(key);
    std::vector<std::int64_t> result;
    if (!list.is_array()) fail(in_quotes(key) + " is no list");
    for (auto const& number : list) {
      if (!number.is_number_unsigned()) fail(in_quotes(key) + " has an entry that is no natural number");
      auto const n = number.get<std::uint64_t>();
      if (n > static_cast<std::uint64_t>(int64_max)) throw shape_error(place + ": an entry of " + in_quotes(key) + " is larger than any memory");
      result.push_back(static_cast<std::int64_t>(n));
    }
    return result;
  };

  safetensors_entry e{name, nullptr, {}, 0, 0};
  auto const& type = field("dtype");
  if (!type.is_string()) fail("'dtype' is no string");
  for (auto const& t : safetensors_dtypes)
    if (type.get_ref<std::string const&>() == t.name) e.type = &t;
  if (!e.type) throw dtype_error(place + ": dtype " + in_quotes(type.get_ref<std::string const&>()) + " is unknown");
  e.shape = numbers("shape");
  auto const offsets = numbers("data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) fail("'data_offsets' are not a begin and an end");
  e.begin = static_cast<std::size_t>(offsets[0]), e.end = static_cast<std::size_t>(offsets[1]);
  std::size_t needed = 0;
  try {
    needed = static_cast<std::size_t>(checked_count(e.shape, static_cast<std::size_t>(e.type->size))) * static_cast<std::size_t>(e.type->size);
  } catch (shape_error const& problem) {
    throw shape_error(place + ": " + problem.what());
  }
  if (e.end - e.begin != needed)
    fail("its data_offsets hold " + std::to_string(e.end - e.begin) + " bytes, and " + std::string(e.type->name) + " of shape " + shape_text(e.shape) + " needs " + std::to_string(needed));
  return e;
}

/// Reads the header that `bytes`, all of a file, begins with. `file` is for messages.
/// Throws io_error for what is malformed, dtype_error for dtypes that the format does not have, shape_error for shapes that overflow.
inline safetensors_header parse_safetensors_header(std::span<std::byte const> bytes, std::string const& file = "safetensors") {
  constexpr std::size_t begin = 8, longest = 100'000'000;
  if (bytes.size() < begin) throw io_error(file + ": not a safetensors file, it ends within the length of its header");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < begin; ++i) length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  if (length > longest) throw io_error(file + ": not a safetensors file, or a header of " + std::to_string(length) + " bytes, above the format's limit of 100000000");
  if (length > bytes.size() - begin)
    throw io_error(file + ": the safetensors header lacks " + std::to_string(length - (bytes.size() - begin)) + " of its " + std::to_string(length) + " bytes");
  std::string_view const text(reinterpret_cast<char const*>(bytes.data()) + begin, static_cast<std::size_t>(length));
  if (!text.starts_with('{')) throw io_error(file + ": not a safetensors file, its header begins with " + in_quotes(text.substr(0, 6)));

  safetensors_header header;
  header.data_offset = begin + text.size();
  auto const json = parse_safetensors_json(text, file);
  for (auto const& [name, fields] : json.items()) {
    if (name != "__metadata__") {
      header.tensors.push_back(parse_safetensors_entry(name, fields, file));
      continue;
    }
    if (!fields.is_object()) throw io_error(file + ": '__metadata__' is no object");
    for (auto const& [key, value] : fields.items()) {
      if (!value.is_string()) throw io_error(file + ": '__metadata__' of " + in_quotes(key) + " is no string");
      header.metadata[key] = value.get<std::string>();
    }
  }
  std::sort(header.tensors.begin(), header.tensors.end(), [](auto const& a, auto const& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::size_t at = 0;
  safetensors_entry const* before = nullptr;
  for (auto const& e : header.tensors) {
    std::string const after = before ? "that of " + in_quotes(before->name) : "the header";
    if (e.begin < at) throw io_error(place_of_tensor(file, e.name) + ": its data overlaps " + after + " by " + std::to_string(at - e.begin) + " bytes");
    if (e.begin > at) throw io_error(place_of_tensor(file, e.name) + ": " + std::to_string(e.begin - at) + " bytes between its data and " + after + " belong to no tensor");
    at = e.end, before = &e;
  }
  std::size_t const given = bytes.size() - header.data_offset;
  if (given < at) throw io_error(place_of_tensor(file, before->name) + ": the file is truncated, and lacks the last " + std::to_string(at - given) + " bytes of its data");
  if (given > at) throw io_error(file + ": the last " + std::to_string(given - at) + " bytes belong to no tensor");
  return header;
}

/// The header of a file of these tensors, whose data follow it in this order, aligned to 8 bytes. Throws io_error for names that are given twice, reserved, or not UTF-8.
inline std::string write_safetensors_header(std::span<named_tensor const> tensors, std::map<std::string, std::string> const& metadata, std::string const& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::set<std::string_view> names;
  std::size_t at = 0;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  for (auto const& t : tensors) {
    if (t.name == "__metadata__") throw io_error(place_of_tensor(file, t.name) + ": safetensors reserves this name");
    if (!names.insert(t.name).second) throw io_error(place_of_tensor(file, t.name) + " is given twice");
    std::string_view type;
    for (auto const& d : safetensors_dtypes)
      if (d.type == static_cast<int>(t.type)) type = d.name;
    header.emplace(t.name, nlohmann::ordered_json{{"dtype", type}, {"shape", t.shape}, {"data_offsets", {at, at + t.bytes.size()}}});
    at += t.bytes.size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (nlohmann::json::exception const&) {
    throw io_error(file + ": a name is not UTF-8, which safetensors needs");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > 100'000'000) throw io_error(file + ": a header of " + std::to_string(text.size()) + " bytes is above the format's limit of 100000000");
  std::string length;
  for (int i = 0; i < 8; ++i) length += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> (8 * i) & 0xff);
  return length + text;
}

}  // namespace ctgrad::detail
