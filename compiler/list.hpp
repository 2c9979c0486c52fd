// A growing array for the constant evaluator.
// Reading an element of a std::vector takes g++ 9 microseconds in the compiler, and 3 here (clang: 8 and 3), and its members are many templates.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>

namespace ctgrad::detail {

/// std::vector's interface, as far as the passes need it. Elements are copied when it grows; positions are checked by nothing
/// but the constant evaluator and the sanitizers.
template <class T>
class list {
 public:
  using value_type = T;

  constexpr list() = default;
  constexpr explicit list(std::size_t count, T const& value = {}) {
    assign(count, value);
  }
  constexpr list(T const* from, T const* to) { append(from, to); }
  constexpr list(std::initializer_list<T> elements) { append(elements.begin(), elements.end()); }
  constexpr list(list const& other) { append(other.begin(), other.end()); }
  constexpr list(list&& other) noexcept : first(other.first), used(other.used), room(other.room) { other.first = nullptr, other.used = other.room = 0; }
  constexpr list& operator=(list const& other) {
    if (this != &other) {
      clear();
      append(other.begin(), other.end());
    }
    return *this;
  }
  constexpr list& operator=(list&& other) noexcept {
    std::swap(first, other.first), std::swap(used, other.used), std::swap(room, other.room);
    return *this;
  }
  constexpr ~list() { release(); }

  constexpr T& operator[](std::size_t i) { return first[i]; }
  constexpr T const& operator[](std::size_t i) const { return first[i]; }
  constexpr T* begin() { return first; }
  constexpr T* end() { return first + used; }
  constexpr T const* begin() const { return first; }
  constexpr T const* end() const { return first + used; }
  constexpr T* data() { return first; }
  constexpr T const* data() const { return first; }
  constexpr T& back() { return first[used - 1]; }
  constexpr T const& back() const { return first[used - 1]; }
  constexpr std::size_t size() const { return used; }
  constexpr bool empty() const { return used == 0; }

  constexpr void reserve(std::size_t count) {
    if (count <= room) return;
    T* const moved = allocate(count);
    if constexpr (scalar)
      for (std::size_t i = 0; i < used; ++i) moved[i] = first[i];
    else
      for (std::size_t i = 0; i < used; ++i) std::construct_at(moved + i, static_cast<T&&>(first[i]));
    std::size_t const kept = used;
    release();
    used = kept;
    first = moved, room = count;
  }
  /// As `reserve`, and twice the room where a list has some: one that grows by steps is moved as often as the logarithm of its size.
  constexpr void make_room(std::size_t count) {
    if (count > room) reserve(count > 2 * room ? count : 2 * room);
  }
  /// By value: `element` may stand in this list.
  constexpr void push_back(T element) {
    if (used == room) reserve(room ? 2 * room : 8);
    if constexpr (scalar) first[used++] = element;
    else std::construct_at(first + used++, static_cast<T&&>(element));
  }
  constexpr void pop_back() {
    --used;
    if constexpr (!trivial) first[used].~T();
  }
  constexpr void append(T const* from, T const* to) {
    if (from == to) return;
    make_room(used + static_cast<std::size_t>(to - from));
    T* place = first + used;
    used += static_cast<std::size_t>(to - from);
    if constexpr (scalar)
      for (; from != to; ++from, ++place) *place = *from;
    else
      for (; from != to; ++from, ++place) std::construct_at(place, *from);
  }
  constexpr void assign(std::size_t count, T const& value) {
    clear();
    if (count > room) {
      release();
      first = allocate(count), room = count;
      if constexpr (scalar)
        if (value == T{}) return void(used = count);
    }
    fill(count, value);
  }
  /// Leaves the first `count` elements, or adds copies of `value`.
  constexpr void resize(std::size_t count, T const& value = {}) {
    if constexpr (trivial) used = used < count ? used : count;
    else
      while (used > count) pop_back();
    make_room(count);
    fill(count, value);
  }
  constexpr void insert(T const* before, T element) {
    std::size_t const place = static_cast<std::size_t>(before - first);
    push_back(element);
    for (std::size_t i = used - 1; i > place; --i) first[i] = static_cast<T&&>(first[i - 1]);
    first[place] = static_cast<T&&>(element);
  }
  constexpr void erase(T const* at) {
    for (std::size_t i = static_cast<std::size_t>(at - first); i + 1 < used; ++i) first[i] = static_cast<T&&>(first[i + 1]);
    pop_back();
  }
  constexpr void clear() {
    if constexpr (!trivial)
      for (std::size_t i = 0; i < used; ++i) first[i].~T();
    used = 0;
  }

  friend constexpr bool operator==(list const& a, list const& b) {
    if (a.used != b.used) return false;
    for (std::size_t i = 0; i < a.used; ++i)
      if (!(a.first[i] == b.first[i])) return false;
    return true;
  }

 private:
  T* first = nullptr;
  std::size_t used = 0, room = 0;

  // Numbers begin their lives all at once, as zeros: a call for each is a good part of what a pass costs.
  // (Builtins: is_scalar, is_trivially_copyable and destroy_at are templates by the dozen for each T.)
  static constexpr bool scalar = !__is_class(T), trivial = __is_trivially_copyable(T);
  static constexpr T* allocate(std::size_t count) {
    if constexpr (scalar) return new T[count]{};
    else return std::allocator<T>().allocate(count);
  }
  /// Copies of `value` up to the `count`th element.
  constexpr void fill(std::size_t count, T const& value) {
    if constexpr (scalar)
      for (; used < count; ++used) first[used] = value;
    else
      for (; used < count; ++used) std::construct_at(first + used, value);
  }

  constexpr void release() {
    clear();
    if constexpr (scalar) delete[] first;
    else if (first) std::allocator<T>().deallocate(first, room);
    first = nullptr, room = 0;
  }
};

}  // namespace ctgrad::detail
