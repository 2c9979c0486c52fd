// Where the time of a program goes: seconds for each nest and product, against what they move and compute.
// The clock stands between the units of a program of its own; programs that are not profiled are compiled without it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "instrument.hpp"
#include "explain.hpp"
#include "write_text.hpp"

#include <chrono>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

namespace ctgrad {

/// What a nest or a product of a profiled program did in all calls.
struct unit_profile {
  std::string name;      ///< as `explain` has it: "nest 0", "product 1"
  std::string arrays;    ///< what it reads and writes
  std::int64_t calls = 0;
  double seconds = 0;
  double flops = 0, bytes = 0;  ///< in all calls: `report`'s, at each call's extents
};

namespace detail {

using profile_clock = std::chrono::steady_clock;

/// One thing that took time: a unit, or a whole call (-1).
struct profile_event {
  int unit;
  profile_clock::time_point begin, end;
};

inline double seconds_between(profile_clock::time_point begin, profile_clock::time_point end) { return std::chrono::duration<double>(end - begin).count(); }

/// What the watched calls of a program leave behind.
struct profile_record {
  static constexpr std::size_t most_events = std::size_t{1} << 20;

  std::vector<unit_profile> units;
  std::vector<work<polynomial>> costs;  // of one call, by unit
  std::vector<profile_event> events;    // the first ones
  std::int64_t calls = 0, events_left_out = 0;
  double seconds = 0;  // of whole calls
  profile_clock::time_point start = profile_clock::now();

  profile_record(graph const& g, schedule const& s) {
    explainer e{g, s};
    for (unit const& u : e.units) {
      message name;
      print_name(name, u);
      e.out = {};
      e.name_memory(u);
      units.push_back({to_text(name), to_text(e.out)});
      costs.push_back(u.cost);
    }
  }
  void add(profile_event const& event) {
    if (event.unit >= 0) units[static_cast<std::size_t>(event.unit)].seconds += seconds_between(event.begin, event.end);
    else seconds += seconds_between(event.begin, event.end);
    if (events.size() < most_events) events.push_back(event);
    else ++events_left_out;
  }
  /// A call that the events so far belong to.
  template <class Lookup>
  void count_call(Lookup const& lookup) {
    ++calls;
    for (std::size_t k = 0; k < units.size(); ++k) {
      ++units[k].calls;
      units[k].flops += costs[k].flops.evaluate(lookup), units[k].bytes += costs[k].bytes.evaluate(lookup);
    }
  }
  void clear() {
    for (auto& u : units) u.calls = 0, u.seconds = u.flops = u.bytes = 0;
    events.clear();
    calls = events_left_out = 0, seconds = 0, start = profile_clock::now();
  }

  std::string table() const {
    std::string text = "unit           calls      seconds   share      GB/s   GFLOP/s  arrays\n";
    char line[160];
    double inside = 0;
    for (auto const& u : units) {
      inside += u.seconds;
      auto const rate = [&](double amount) { return u.seconds > 0 ? amount / u.seconds / 1e9 : 0.0; };
      std::snprintf(line, sizeof line, "%-12s %7lld %12.6f %6.1f%% %9.2f %9.2f  ", u.name.c_str(), static_cast<long long>(u.calls), u.seconds, share(u.seconds), rate(u.bytes), rate(u.flops));
      text += line + u.arrays + '\n';
    }
    auto const row = [&](char const* name, double time) {
      std::snprintf(line, sizeof line, "%-12s %7lld %12.6f %6.1f%%\n", name, static_cast<long long>(calls), time, share(time));
      text += line;
    };
    row("the rest", seconds - inside);
    row("calls", seconds);
    return text;
  }
  double share(double part) const { return seconds > 0 ? 100 * part / seconds : 0; }

  static std::string json(std::string const& text) {
    std::string quoted = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      if (static_cast<unsigned char>(c) >= 32) quoted += c;
    }
    return quoted + '"';
  }
  std::string trace() const {
    std::string text = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n{\"name\": \"process_name\", \"ph\": \"M\", \"pid\": 1, \"tid\": 1, \"args\": {\"name\": \"ctgrad\"}}";
    // Microseconds, with a point in every locale.
    auto const microseconds = [](profile_clock::time_point begin, profile_clock::time_point end) {
      auto const ns = std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count();
      std::string const digits = std::to_string(1000 + ns % 1000);
      return std::to_string(ns / 1000) + "." + digits.substr(1);
    };
    for (auto const& e : events) {
      auto const k = static_cast<std::size_t>(e.unit < 0 ? 0 : e.unit);
      text += ",\n{\"name\": \"" + (e.unit < 0 ? "call" : units[k].name) + "\", \"ph\": \"X\", \"ts\": " + microseconds(start, e.begin) + ", \"dur\": " + microseconds(e.begin, e.end) +
              ", \"pid\": 1, \"tid\": 1";
      if (e.unit >= 0) text += ", \"args\": {\"arrays\": " + json(units[k].arrays) + "}";
      text += '}';
    }
    return text + "\n]}\n";
  }
};

/// Runs the instructions of a program, with the clock around each nest and product.
struct timed_run {
  profile_record& record;

  template <class P>
  void operator()(frame<P>& f) const {
    int unit = 0;
    run_places<P, level_of<P, 0, P::size.instructions>>(f, unit);
    record.count_call([&](extent_name name) { return f.dims[P::dim_number(name)]; });
  }

 private:
  template <class P, int I>
  void run(frame<P>& f, int& unit) const {
    if constexpr (instruction_at<P, I>.what == action::begin_loop || reads_arrays(instruction_at<P, I>.what)) {
      auto const begin = profile_clock::now();
      run_instruction<P, I, true>(f);  // of a group, too: each unit on the whole
      record.add({unit++, begin, profile_clock::now()});
    } else {
      run_instruction<P, I>(f);
    }
  }
  template <class P, class Level, int Begin = 0>
  void run_places(frame<P>& f, int& unit) const {
    constexpr int here = Level::count - Begin > 64 ? 64 : Level::count - Begin;
    [&]<int... I>(std::integer_sequence<int, I...>) { (run<P, Level::places[Begin + I]>(f, unit), ...); }(std::make_integer_sequence<int, here>{});
    if constexpr (Begin + here < Level::count) run_places<P, Level, Begin + here>(f, unit);
  }
};

}  // namespace detail

/// A program that is watched: it is called as the program is, and keeps count. Not by several threads at once.
template <class Program>
class profiled_program {
  using compiled = typename Program::compiled;

 public:
  /// As the program: computes all outputs. Throws as it does.
  template <bound... Bindings>
  auto operator()(Bindings&&... bindings) {
    whole_call const watch{record_};
    return detail::program_access::evaluate(Program{}, detail::timed_run{record_}, bindings...);
  }
  /// As `program::into`.
  template <bound... Bindings>
  void into(workspace_memory& space, Bindings&&... bindings) {
    whole_call const watch{record_};
    detail::program_access::into(Program{}, detail::timed_run{record_}, space, bindings...);
  }
  template <bound... Bindings>
  workspace_memory workspace(Bindings const&... extents) const {
    return Program{}.workspace(extents...);
  }

  std::vector<unit_profile> const& units() const { return record_.units; }
  std::int64_t calls() const { return record_.calls; }
  /// Of whole calls: checks, memory and what stands between the units included.
  double seconds() const { return record_.seconds; }
  /// A line for each nest and product: calls, seconds, share of all, bytes and operations per second; then what they leave of the calls, and the whole.
  std::string table() const { return record_.table(); }
  /// The calls as Chrome's trace, which about:tracing and ui.perfetto.dev show: the first 1,048,576 nests, products and calls of all.
  static std::string json(std::string const& text) {
    std::string quoted = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      if (static_cast<unsigned char>(c) >= 32) quoted += c;
    }
    return quoted + '"';
  }
  std::string trace() const { return record_.trace(); }
  /// Writes `trace()` to a file, complete or not at all. Throws io_error.
  void write_trace(std::string const& path) const { detail::write_text(path, trace()); }
  /// Forgets what was counted: after calls that warm up.
  void reset() { record_.clear(); }

  friend std::ostream& operator<<(std::ostream& out, profiled_program const& p) { return out << p.table(); }

 private:
  struct whole_call {
    detail::profile_record& record;
    std::int64_t const calls = record.calls;
    detail::profile_clock::time_point const begin = detail::profile_clock::now();
    ~whole_call() {
      if (record.calls > calls) record.add({-1, begin, detail::profile_clock::now()});  // not of a call that threw
    }
  };
  detail::profile_record record_{compiled::graph.thaw(), detail::thaw_schedule(compiled::schedule)};
};

/// `step`, watched: `auto p = ct::profile(step); p(X = images, …); std::cout << p; p.write_trace("step.json");`
template <int Assigned, class... Outputs>
auto profile(program<Assigned, Outputs...> const&) {
  return profiled_program<program<Assigned, Outputs...>>{};
}

}  // namespace ctgrad
