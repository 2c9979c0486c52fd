// Graphs as pictures, without help from outside: layers from operands to users, drawn as SVG.
// Layering after Sugiyama, Tagawa and Toda (1981): long edges get a stop in each layer, and layers are ordered by the mean place of neighbours.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "print.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ctgrad::detail {

/// Text between tags, and in attributes.
inline std::string html_text(std::string_view text) {
  std::string quoted;
  for (char c : text)
    if (c == '<') quoted += "&lt;";
    else if (c == '>') quoted += "&gt;";
    else if (c == '&') quoted += "&amp;";
    else if (c == '"') quoted += "&quot;";
    else if (static_cast<unsigned char>(c) >= 32 || c == '\n') quoted += c;
  return quoted;
}
inline std::string html_text(message const& m) { return html_text(m.view()); }

/// How a node is shown besides what it is.
struct node_style {
  std::string fill;      ///< a colour; empty: by its kind
  bool marked = false;   ///< with a thick border
  std::string link;      ///< where a click leads
};

class graph_drawing {
 public:
  graph_drawing(graph const& of, std::vector<node_style> const& by_node) : g(of), styles(by_node) {}

  std::string svg() {
    make_boxes();
    make_layers();
    order_layers();
    place_boxes();
    return write();
  }

 private:
  static constexpr int box_height = 34, layer_height = 64, gap = 14, margin = 12, sweeps = 8;
  /// A node's picture, or a stop of an edge on its way (no node).
  struct box {
    int node = -1, output = -1;
    int layer = 0, width = 0;
    double x = 0;  // of its middle
    std::vector<int> above, below;
    std::string label, second;
  };
  graph const& g;
  std::vector<node_style> const& styles;
  std::vector<box> boxes;
  std::vector<std::vector<int>> layers;

  /// Numbers stand beside each of their users: one box for all would be the end of edges from everywhere.
  bool is_number(node_id id) const { return g[id].is_constant() || g[id].code == op::extent; }
  static std::string cut(message const& m) {
    std::string text(m.view());
    if (text.size() > 30) text = text.substr(0, 28) + "...";
    return text;
  }
  int add_box(int node) {
    box b;
    b.node = node;
    message label, second;
    print_label(label, g, node_id{node});
    if (g.shape_of(node_id{node}).rank) second << g.shape_of(node_id{node});
    b.label = cut(label), b.second = is_number(node_id{node}) ? "" : cut(second);
    b.width = 16 + 7 * static_cast<int>(std::max(b.label.size(), b.second.size()));
    boxes.push_back(b);
    return static_cast<int>(boxes.size()) - 1;
  }
  void join(int from, int to) {
    boxes[static_cast<std::size_t>(from)].below.push_back(to);
    boxes[static_cast<std::size_t>(to)].above.push_back(from);
  }
  void make_boxes() {
    std::vector<int> box_of(g.nodes.size(), -1);
    for (int i = 0; i < g.size(); ++i) {
      if (is_number(source(node_id{i}))) continue;
      int const b = box_of[static_cast<std::size_t>(i)] = add_box(i);
      for (int k = 0; k < g.nodes[i].arity; ++k) {
        node_id const operand = g.nodes[i].operands[k];
        bool const number = is_number(source(operand));
        join(number ? add_box(index(source(operand))) : box_of[static_cast<std::size_t>(index(operand))], b);
      }
    }
    for (std::size_t k = 0; k < g.outputs.size(); ++k) {
      node_id const id = g.outputs[k];
      int const from = is_number(source(id)) ? add_box(index(source(id))) : box_of[static_cast<std::size_t>(index(id))];
      box out;
      out.output = static_cast<int>(k);
      out.label = "output" + std::to_string(k), out.width = 16 + 7 * static_cast<int>(out.label.size());
      boxes.push_back(out);
      join(from, static_cast<int>(boxes.size()) - 1);
    }
  }
  /// What a number that is repeated is.
  node_id source(node_id id) const {
    node_id at = id;
    while (g[at].code == op::broadcast) at = g[at].operands[0];
    return is_number(at) ? at : id;
  }

  void make_layers() {
    // Boxes are in the order of the graph, but for numbers, which have no operands.
    std::vector<int> order;
    for (int i = 0; i < static_cast<int>(boxes.size()); ++i) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](int a, int b) { return std::pair(key(a), a) < std::pair(key(b), b); });
    for (int i : order)
      for (int from : at(i).above) at(i).layer = std::max(at(i).layer, at(from).layer + 1);
    // What has no operands stands just above its first user.
    for (auto& b : boxes) {
      if (!b.above.empty() || b.below.empty()) continue;
      b.layer = 1 << 20;
      for (int to : b.below) b.layer = std::min(b.layer, at(to).layer - 1);
    }
    int const count = static_cast<int>(boxes.size());
    for (int i = 0; i < count; ++i)
      for (std::size_t k = 0; k < at(i).below.size(); ++k) {
        int const to = at(i).below[k];
        int from = i;
        for (int layer = at(i).layer + 1; layer < at(to).layer; ++layer) {
          box stop;
          stop.layer = layer, stop.width = 2;
          boxes.push_back(stop);
          int const here = static_cast<int>(boxes.size()) - 1;
          if (from == i) at(i).below[k] = here;
          else at(from).below.push_back(here);
          at(here).above.push_back(from);
          from = here;
        }
        if (from == i) continue;
        at(from).below.push_back(to);
        std::replace(at(to).above.begin(), at(to).above.end(), i, from);
      }
    for (int i = 0; i < static_cast<int>(boxes.size()); ++i) {
      if (at(i).layer >= static_cast<int>(layers.size())) layers.resize(static_cast<std::size_t>(at(i).layer) + 1);
      layers[static_cast<std::size_t>(at(i).layer)].push_back(i);
    }
  }
  int key(int i) const {
    box const& b = boxes[static_cast<std::size_t>(i)];
    return b.output >= 0 ? g.size() + b.output : b.above.empty() ? -1 : b.node;
  }
  box& at(int i) { return boxes[static_cast<std::size_t>(i)]; }

  double mean_of(std::vector<int> const& neighbours, double otherwise) {
    double sum = 0;
    for (int i : neighbours) sum += at(i).x;
    return neighbours.empty() ? otherwise : sum / static_cast<double>(neighbours.size());
  }
  void order_layers() {
    for (auto& layer : layers) spread(layer);
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      bool const down = sweep % 2 == 0;
      for (std::size_t k = 0; k < layers.size(); ++k) {
        auto& layer = layers[down ? k : layers.size() - 1 - k];
        std::vector<std::tuple<double, std::size_t, int>> places;  // equal ones stay as they are
        for (std::size_t p = 0; p < layer.size(); ++p) places.emplace_back(mean_of(down ? at(layer[p]).above : at(layer[p]).below, at(layer[p]).x), p, layer[p]);
        std::sort(places.begin(), places.end());
        for (std::size_t p = 0; p < places.size(); ++p) layer[p] = std::get<2>(places[p]);
        spread(layer);
      }
    }
  }
  /// One beside the other.
  void spread(std::vector<int> const& layer) {
    double x = 0;
    for (int i : layer) at(i).x = x + at(i).width / 2.0, x += at(i).width + gap;
    for (int i : layer) at(i).x -= x / 2;
  }
  /// Moves boxes towards their neighbours, as far as those beside them let them.
  void place_boxes() {
    for (int sweep = 0; sweep < 2 * sweeps; ++sweep)
      for (std::size_t k = 0; k < layers.size(); ++k) {
        auto const& layer = layers[sweep % 2 == 0 ? k : layers.size() - 1 - k];
        std::vector<double> wanted;
        for (int i : layer) {
          auto all = at(i).above;
          all.insert(all.end(), at(i).below.begin(), at(i).below.end());
          wanted.push_back(mean_of(all, at(i).x));
        }
        settle(layer, wanted);
      }
    double least = 1e9;
    for (auto const& b : boxes) least = std::min(least, b.x - b.width / 2.0);
    for (auto& b : boxes) b.x += margin - least;
  }
  /// Places in the layer's order as near to the wanted ones as they go: the mean of packing from the left and from the right.
  void settle(std::vector<int> const& layer, std::vector<double> const& wanted) {
    std::vector<double> left(wanted), right(wanted);
    auto room = [&](std::size_t p) { return (at(layer[p]).width + at(layer[p + 1]).width) / 2.0 + gap; };
    for (std::size_t p = 1; p < layer.size(); ++p) left[p] = std::max(left[p], left[p - 1] + room(p - 1));
    for (std::size_t p = layer.size(); p-- > 1;) right[p - 1] = std::min(right[p - 1], right[p] - room(p - 1));
    for (std::size_t p = 0; p < layer.size(); ++p) at(layer[p]).x = (left[p] + right[p]) / 2;
  }

  std::string write() {
    double width = 0;
    for (auto const& b : boxes) width = std::max(width, b.x + b.width / 2.0);
    int const w = static_cast<int>(width) + margin, h = static_cast<int>(layers.size()) * layer_height - (layer_height - box_height) + 2 * margin;
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(w) + "\" height=\"" + std::to_string(h) + "\" viewBox=\"0 0 " + std::to_string(w) + ' ' +
                      std::to_string(h) + "\">\n";
    for (int i = 0; i < static_cast<int>(boxes.size()); ++i)
      if (at(i).node >= 0)
        for (int to : at(i).below) write_edge(out, i, to);
    for (auto const& b : boxes) write_box(out, b);
    return out + "</svg>\n";
  }
  static std::string number(double x) { return std::to_string(static_cast<int>(x)); }
  static double top_of(box const& b) { return margin + b.layer * layer_height; }
  void write_edge(std::string& out, int from, int to) {
    std::string path = "M" + number(at(from).x) + ' ' + number(top_of(at(from)) + box_height);
    double y = top_of(at(from)) + box_height, x = at(from).x;
    auto go = [&](double to_x, double to_y) {
      double const middle = (y + to_y) / 2;
      path += " C" + number(x) + ' ' + number(middle) + ' ' + number(to_x) + ' ' + number(middle) + ' ' + number(to_x) + ' ' + number(to_y);
      x = to_x, y = to_y;
    };
    while (at(to).node < 0 && at(to).output < 0) {
      go(at(to).x, top_of(at(to)));
      y += box_height, path += " L" + number(x) + ' ' + number(y);
      to = at(to).below[0];
    }
    go(at(to).x, top_of(at(to)));
    out += "<path class=\"edge\" d=\"" + path + "\"/>\n";
  }
  void write_box(std::string& out, box const& b) const {
    if (b.node < 0 && b.output < 0) return;
    std::string const x = number(b.x - b.width / 2.0), y = number(top_of(b));
    node_style const* const style = b.node >= 0 && static_cast<std::size_t>(b.node) < styles.size() ? &styles[static_cast<std::size_t>(b.node)] : nullptr;
    bool const link = style && !style->link.empty();
    if (link) out += "<a href=\"" + html_text(style->link) + "\">";
    out += "<g class=\"node " + kind(b) + (style && style->marked ? " marked" : "") + "\"><rect x=\"" + x + "\" y=\"" + y + "\" width=\"" + std::to_string(b.width) + "\" height=\"" +
           std::to_string(box_height) + "\" rx=\"6\"" + (style && !style->fill.empty() ? " style=\"fill:" + style->fill + "\"" : "") + "/>";
    bool const two = !b.second.empty();
    auto line = [&](std::string const& text, int dy, char const* type) {
      out += "<text x=\"" + number(b.x) + "\" y=\"" + number(top_of(b) + dy) + "\" class=\"" + type + "\">" + html_text(text) + "</text>";
    };
    line(b.label, two ? 14 : 21, "what");
    if (two) line(b.second, 28, "shape");
    if (b.node >= 0) {
      message title;
      title << to_string(g.nodes[b.node].type) << ' ';
      print_short_formula(title, g, node_id{b.node}, 160);
      out += "<title>" + html_text(title) + "</title>";
    }
    out += link ? "</g></a>\n" : "</g>\n";
  }
  std::string kind(box const& b) const {
    if (b.node < 0) return "output";
    op_kind const k = info(g.nodes[b.node].code).kind;
    if (g.nodes[b.node].code == op::symbol) return "symbol";
    return k == op_kind::leaf ? "number" : k == op_kind::reduction ? "reduction" : k == op_kind::product ? "product" : k == op_kind::map ? "map" : "movement";
  }
};

/// The picture of `g`; `styles` by node, or none.
inline std::string draw(graph const& g, std::vector<node_style> const& styles = {}) { return graph_drawing(g, styles).svg(); }

}  // namespace ctgrad::detail
