// A program as one page for a browser: what it computes, its nests with what they cost, its memory over time, its graph after each pass.
// Nothing is loaded from elsewhere: a page can be mailed, or kept beside a measurement.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/draw.hpp"
#include "explain.hpp"
#include "write_text.hpp"

#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace ctgrad {
namespace detail {

inline constexpr std::string_view page_style = R"css(
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2430; background: #fff; margin: 0 auto; max-width: 1180px; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #dfe3ea; padding-bottom: .2rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
pre { background: #f6f7fa; border: 1px solid #e6e9ef; border-radius: 6px; padding: .7rem .9rem; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; margin: .4rem 0; }
table { border-collapse: collapse; font-size: .9rem; } th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #eceff4; vertical-align: top; } th { color: #5b6577; font-weight: 600; }
td.number { font-family: ui-monospace, monospace; font-size: .82rem; } .bar { display: inline-block; height: .65rem; border-radius: 2px; background: #5b8def; margin-right: .4rem; } .bar.flops { background: #e7a23c; }
a { color: #2457c5; text-decoration: none; } a:hover { text-decoration: underline; } p.note { color: #5b6577; margin: .2rem 0 .6rem; }
.picture { overflow-x: auto; border: 1px solid #e6e9ef; border-radius: 6px; margin: .4rem 0; } summary { cursor: pointer; padding: .2rem 0; } .swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; border: 1px solid #8a93a3; vertical-align: -1px; margin: 0 .3rem 0 .9rem; }
.key { white-space: nowrap; } svg { display: block; } svg text { font: 12px system-ui, sans-serif; text-anchor: middle; fill: #1d2430; } svg text.shape { font-size: 11px; fill: #5b6577; } svg text.left { text-anchor: start; }
.edge { fill: none; stroke: #a4adbd; stroke-width: 1.2; } .node rect { stroke: #8a93a3; fill: #f4f4f8; } .node.symbol rect { fill: #cfe8ff; } .node.number rect { fill: #fff; stroke-dasharray: 3 2; }
.node.reduction rect { fill: #ffe3b8; } .node.product rect { fill: #ffcfc4; } .node.movement rect { fill: #e3f2e1; } .node.output rect { fill: #1d2430; } .node.output text { fill: #fff; } .node.marked rect { stroke: #c2185b; stroke-width: 2.2; }
)css";

/// Colours of nests and products, in turns.
inline constexpr std::string_view unit_colours[] = {"#bcd7ff", "#ffd9a8", "#c5ecc2", "#f6c3d6", "#d8ccf5", "#fff0a6", "#b9ebea", "#e6d5c3"};

/// The page of one program.
class report_page {
 public:
  report_page(graph const& written, graph const& final_graph, schedule const& fused, std::vector<std::int16_t> const& memory_slots, extent_binding const& extents)
      : source(written), g(final_graph), s(fused), slots(memory_slots), bound(extents), explained{g, s}, units(explained.units) {}

  std::string html(std::string_view title) {
    out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>" + html_text(title) + "</title>\n<style>" +
          std::string(page_style) + "</style>\n</head>\n<body>\n<h1>" + html_text(title) + "</h1>\n";
    write_outputs();
    write_costs();
    write_units();
    write_memory();
    write_passes();
    return out + "</body>\n</html>\n";
  }

 private:
  static constexpr int most_drawn = 400;  // nodes; larger graphs are listed
  graph const& source;
  graph const& g;
  schedule const& s;
  std::vector<std::int16_t> const& slots;
  extent_binding const& bound;
  explainer explained;
  list<unit> const& units;
  std::string out;

  static std::string name_of(unit const& u) {
    message m;
    print_name(m, u);
    return to_text(m);
  }
  static std::string anchor_of(unit const& u) { return std::string(u.kind()) + '-' + std::to_string(u.number); }
  std::string link_to(unit const& u) const { return "<a href=\"#" + anchor_of(u) + "\">" + name_of(u) + "</a>"; }
  template <class Print>
  std::string explain_part(Print print) {
    explained.out = {};
    print();
    return html_text(explained.out);
  }
  template <class T>
  static std::string text_of_value(T const& x) {
    message m;
    m << x;
    return html_text(m);
  }
  bool has_numbers() const { return !bound.entries.empty() || is_static(); }
  bool is_static() const {
    for (auto const& symbol : g.symbols)
      for (int axis = 0; axis < g[symbol.shape].rank; ++axis)
        if (!g[symbol.shape][axis].is_static()) return false;
    return true;
  }
  double number_of(polynomial const& p) const { return p.evaluate(bound); }
  static std::string quantity(double x, char const* unit) {
    char text[40];
    char const* const scales[] = {"", "k", "M", "G", "T", "P"};
    int scale = 0;
    for (; x >= 1000 && scale < 5; ++scale) x /= 1000;
    std::snprintf(text, sizeof text, "%.3g %s%s", x, scales[scale], unit);
    return text;
  }

  void write_outputs() {
    int nests = 0, products = 0, calls = 0, temporaries = 0, rows = 0;
    for (unit const& u : units) ++(u.is_nest() ? nests : u.what == action::product ? products : calls);
    for (buffer const& b : s.buffers) temporaries += b.kind == buffer_kind::temporary, rows += b.kind == buffer_kind::row;
    auto count = [](int n, char const* what) { return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s"); };
    out += "<p class=\"note\">" + count(nests, "nest") + ", " + count(products, "product") + ", " + (calls ? count(calls, "library operation") + ", " : "") + count(temporaries, "temporary array") + ", " + count(rows, "row buffer");
    for (auto const& e : bound.entries) out += "; " + html_text(e.name.view()) + " = " + std::to_string(e.number);
    out += "</p>\n<h2>What it computes</h2>\n<pre>" + html_text(explain_outputs(source)) + "</pre>\n";
  }

  void write_costs() {
    polynomial flops, bytes;
    for (unit const& u : units) flops += u.cost.flops, bytes += u.cost.bytes;
    out += "<h2>What it costs</h2>\n<p class=\"note\">Arithmetic operations and bytes of arrays in one call; what a turn of an outermost loop reads again is in the cache.</p>\n"
           "<table>\n<tr><th></th><th>loops</th><th>operations</th><th>bytes</th><th>operations a byte</th></tr>\n";
    for (unit const& u : units)
      out += "<tr><td>" + link_to(u) + "</td><td>" + (u.what == action::product ? "BLAS" : u.what == action::call ? "library" : std::to_string(u.loops) + (u.parallel ? ", in parts on threads" : ", one thread")) + "</td>" + cost_cell(u.cost.flops, flops, "flops") +
             cost_cell(u.cost.bytes, bytes, "bytes") + "<td class=\"number\">" + intensity(u.cost) + "</td></tr>\n";
    out += "<tr><td>all</td><td></td>" + cost_cell(flops, flops, "flops") + cost_cell(bytes, bytes, "bytes") + "<td class=\"number\">" + intensity({flops, bytes}) + "</td></tr>\n</table>\n";
  }
  std::string cost_cell(polynomial const& p, polynomial const& of, char const* type) const {
    std::string cell = "<td class=\"number\">";
    if (has_numbers() && number_of(of) > 0) {
      cell += "<span class=\"bar " + std::string(type) + "\" style=\"width:" + std::to_string(1 + static_cast<int>(90 * number_of(p) / number_of(of))) + "px\"></span>" +
              quantity(number_of(p), type[0] == 'b' ? "B" : "") + "<br>";
    }
    return cell + text_of_value(p) + "</td>";
  }
  std::string intensity(work<polynomial> const& cost) const {
    if (!has_numbers() || number_of(cost.bytes) == 0) return "";
    char text[32];
    std::snprintf(text, sizeof text, "%.2g", number_of(cost.flops) / number_of(cost.bytes));
    return text;
  }

  void write_units() {
    out += "<h2>What runs</h2>\n";
    explained.find_names();
    int at = 0;
    for (std::size_t k = 0; k < units.size(); ++k) {
      unit const& u = units[k];
      write_between(at, u.first);
      std::string const code = explain_part([&] { explained.lines(static_cast<std::size_t>(u.first), static_cast<std::size_t>(u.last)); });
      out += "<section id=\"" + anchor_of(u) + "\">\n<h3><span class=\"swatch\" style=\"margin-left:0;background:" + colour(k) + "\"></span>" + name_of(u) + "</h3>\n<p class=\"note\">" +
             explain_part([&] { explained.name_memory(u); }) + "</p>\n<pre>" + code + "</pre>\n";
      std::string const end = explain_part([&] { explained.end(k); });
      std::string notes = end;
      for (std::size_t place; (place = notes.find("# ")) != std::string::npos;) notes.erase(place, 2);
      if (!notes.empty()) out += "<p class=\"note\">" + notes + "</p>\n";
      out += "</section>\n";
      at = u.last;
    }
    write_between(at, static_cast<int>(s.instructions.size()));
  }
  void write_between(int first, int last) {
    std::string const code = explain_part([&] { explained.lines(static_cast<std::size_t>(first), static_cast<std::size_t>(last)); });
    if (!code.empty()) out += "<pre>" + code + "</pre>\n";
  }
  static std::string colour(std::size_t k) { return std::string(unit_colours[k % std::size(unit_colours)]); }

  /// From which unit to which a buffer of the workspace lives.
  std::pair<int, int> life_of(int b) const {
    std::pair<int, int> life{-1, -1};
    for (std::size_t k = 0; k < units.size(); ++k)
      for (instruction_id at = units[k].first; at < units[k].last; ++at) {
        instruction const& i = s.instructions[static_cast<std::size_t>(at)];
        auto touches = [&](int access_number) { return root_of(s.buffers, s.accesses[static_cast<std::size_t>(access_number)].buffer) == b; };
        bool touched = i.access_number >= 0 && touches(i.access_number);
        for (int operand = 0; operand < max_operands && reads_arrays(i.what); ++operand) touched = touched || (i.operands[operand] >= 0 && touches(i.operands[operand]));
        if (!touched) continue;
        if (life.first < 0) life.first = static_cast<int>(k);
        life.second = static_cast<int>(k);
      }
    return life;
  }
  void write_memory() {
    out += "<h2>Memory over time</h2>\n";
    int const slot_count = slots.back();
    if (slot_count == 0) {
      out += "<p class=\"note\">Nothing is kept between loops: the program needs no memory but its arrays.</p>\n";
      return;
    }
    out += "<p class=\"note\">Places of the workspace, downwards, and which array has each while which nest or product runs.</p>\n";
    int const column = 124, row = 40, left = 60, top = 26, width = left + column * static_cast<int>(units.size()) + 10, height = top + row * slot_count + 6;
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width) + "\" height=\"" + std::to_string(height) + "\">\n";
    auto text = [&](int x, int y, std::string const& what, char const* type) {
      svg += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" + type + "\">" + what + "</text>\n";
    };
    for (std::size_t k = 0; k < units.size(); ++k) text(left + column * static_cast<int>(k) + column / 2, 16, name_of(units[k]), "what");
    for (int slot = 0; slot < slot_count; ++slot) text(4, top + slot * row + 22, "place " + std::to_string(slot), "shape left");
    for (int b = 0; b < static_cast<int>(s.buffers.size()); ++b)
      if (slots[static_cast<std::size_t>(b)] >= 0) write_life(svg, b, left, column, top + row * slots[static_cast<std::size_t>(b)], row - 6, text);
    out += "<div class=\"picture\">" + svg + "</svg></div>\n<pre>" + html_text(explain_kept(g, s)) + "</pre>\n";
  }
  template <class Text>
  void write_life(std::string& svg, int b, int left, int column, int y, int height, Text const& text) {
    auto const [first, last] = life_of(b);
    if (first < 0) return;
    polynomial bytes = static_cast<std::int64_t>(size_of(s.buffers[static_cast<std::size_t>(b)].type));
    shape const& has = s.shapes[static_cast<std::size_t>(index(s.buffers[static_cast<std::size_t>(b)].s))];
    for (int axis = 0; axis < has.rank; ++axis) bytes *= polynomial(has[axis]);
    std::string const name = explain_part([&] { explained.name_buffer(b); }), size = has_numbers() ? quantity(number_of(bytes), "B") : text_of_value(bytes) + " bytes";
    int const x = left + column * first + 3, width = column * (last - first + 1) - 6;
    svg += "<g class=\"node\"><rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" + std::to_string(width) + "\" height=\"" + std::to_string(height) + "\" rx=\"5\" style=\"fill:" +
           colour(static_cast<std::size_t>(first)) + "\"/><title>" + name + text_of_value(has) + ", " + text_of_value(bytes) + " bytes" + "</title></g>\n";
    text(x + width / 2, y + 14, name + text_of_value(has), "what");
    text(x + width / 2, y + 28, size, "shape");
  }

  /// What each node is, operands included: to see which are new after a pass.
  static std::vector<std::string> describe(graph const& of) {
    std::vector<std::string> text;
    std::hash<std::string> const hash;
    for (int i = 0; i < of.size(); ++i) {
      message m;
      print_label(m, of, node_id{i});
      m << of.shape_of(node_id{i}) << to_string(of.nodes[i].type);
      for (int k = 0; k < of.nodes[i].arity; ++k) m << ' ' << static_cast<std::int64_t>(hash(text[static_cast<std::size_t>(index(of.nodes[i].operands[k]))]));
      text.push_back(to_text(m));
    }
    return text;
  }
  void write_graph(graph const& of, std::vector<node_style> const& styles) {
    if (of.size() > most_drawn) out += "<p class=\"note\">" + std::to_string(of.size()) + " nodes: too many for a picture.</p>\n<pre>" + html_text(print_graph(of)) + "</pre>\n";
    else out += "<div class=\"picture\">" + draw(of, styles) + "</div>\n";
  }
  void write_details(std::string const& summary, graph const& of, std::vector<node_style> const& styles, bool open) {
    out += std::string("<details") + (open ? " open" : "") + "><summary>" + summary + "</summary>\n";
    write_graph(of, styles);
    out += "</details>\n";
  }
  void write_passes() {
    out += "<h2>How it came about</h2>\n<p class=\"note\">The graph as it was written, and after each pass; what is new has a red border.</p>\n";
    graph at = source;
    write_details("as written: " + std::to_string(at.size()) + " nodes", at, {}, false);
    std::vector<std::string> before = describe(at);
    for (pass const& p : graph_passes<>) {
      at = p.run(at);
      std::vector<std::string> const after = describe(at);
      std::set<std::string> const known(before.begin(), before.end());
      std::vector<node_style> styles(after.size());
      int fresh = 0;
      for (std::size_t i = 0; i < after.size(); ++i) fresh += styles[i].marked = !known.contains(after[i]);
      std::string const name = html_text(p.name);
      if (after == before) out += "<p class=\"note\">" + name + ": no change</p>\n";
      else write_details(name + ": " + std::to_string(before.size()) + " → " + std::to_string(after.size()) + " nodes, " + std::to_string(fresh) + " new", at, styles, false);
      before = after;
    }
    write_details("fuse: which nest or product computes what" + legend(), g, styles_by_unit(), true);
  }
  std::string legend() const {
    std::string text;
    for (std::size_t k = 0; k < units.size(); ++k) text += " <span class=\"key\"><span class=\"swatch\" style=\"background:" + colour(k) + "\"></span>" + name_of(units[k]) + "</span>";
    return text;
  }
  std::vector<node_style> styles_by_unit() const {
    std::vector<node_style> styles(g.nodes.size());
    for (std::size_t k = 0; k < units.size(); ++k)
      for (instruction_id at = units[k].first; at < units[k].last; ++at) {
        instruction const& i = s.instructions[static_cast<std::size_t>(at)];
        bool const computes = i.what == action::compute || i.what == action::accumulate || reads_arrays(i.what) || i.what == action::position;
        if (!computes) continue;
        node_style& style = styles[static_cast<std::size_t>(index(i.node))];
        if (style.fill.empty()) style = {colour(k), false, "#" + anchor_of(units[k])};
      }
    return styles;
  }
};

}  // namespace detail

/// Writes a page about a program to a file, complete or not at all: `ct::write_report(step, "step.html", N = 4096)`. Where all extents are bound, costs and memory are numbers
/// besides polynomials. The page has its pictures in itself and needs no network. Throws io_error where it cannot be written, shape_error where some of the extents are not bound.
template <int Assigned, class... Outputs, bound... Bindings>
void write_report(program<Assigned, Outputs...> const&, std::string const& path, Bindings const&... extents) {
  using compiled = detail::short_compiled<Assigned, Outputs...>;
  detail::extent_binding bound;
  (
      [&] {
        constexpr detail::extent_name name{detail::target_name<typename Bindings::target>};
        static_assert(compiled::dim_number(name) < compiled::dim_count, "ctgrad: write_report is bound to a name that is no extent of this program");
        bound.entries.push_back({name, static_cast<std::int64_t>(extents.data)});
      }(),
      ...);
  for (int i = 0; i < compiled::dim_count; ++i)
    if (sizeof...(Bindings) > 0 && !bound.find(compiled::dims[i].name)) throw shape_error("ctgrad: write_report needs the extent " + std::string(compiled::dims[i].name.view()));
  std::vector<std::int16_t> const slots(compiled::slots.begin(), compiled::slots.end());
  detail::graph const written = detail::kept_graph<detail::program_source<Assigned, Outputs...>>::kept.thaw(), final_graph = compiled::graph.thaw();
  detail::schedule const fused = detail::thaw_schedule(compiled::schedule);
  std::size_t const folder = path.find_last_of('/');
  detail::write_text(path, detail::report_page(written, final_graph, fused, slots, bound).html(path.substr(folder == std::string::npos ? 0 : folder + 1)));
}

}  // namespace ctgrad
