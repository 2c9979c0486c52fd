// A tiny graph, four inputs of eight floats: what a call costs besides its arithmetic, and that it allocates nothing.
//
// SPDX-License-Identifier: BSL-1.0
#include "hand.hpp"
#include "paired.hpp"

#include <ctgrad/ctgrad.hpp>
#include <new>

namespace {
long allocations = 0;
}

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++allocations;
  auto const unit = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

namespace ct = ctgrad;
using namespace ct::literals;

// The extents are known now in one program, at run time in the other.
template <class Extent>
struct model {
  static constexpr auto a = ct::tensor<float>("a"_s, Extent{});
  static constexpr auto b = ct::tensor<float>("b"_s, Extent{});
  static constexpr auto c = ct::tensor<float>("c"_s, Extent{});
  static constexpr auto d = ct::tensor<float>("d"_s, Extent{});
  static constexpr auto loss = ct::sum((a * b + c) * ct::tanh(d));
  static constexpr auto da = ct::grad(loss, a);
  static constexpr auto db = ct::grad(loss, b);
  static constexpr auto dc = ct::grad(loss, c);
  static constexpr auto dd = ct::grad(loss, d);
  static constexpr auto step = ct::compile(loss, da, db, dc, dd);
};
using known = model<decltype(8_c)>;
using named = model<decltype(ct::dim("N"_s))>;

using vector = ct::array<float, 1>;
struct arrays {
  vector a{0.1f, -0.2f, 0.3f, 0.4f, -0.5f, 0.6f, 0.7f, 0.8f}, b{1, 2, 3, 4, 5, 6, 7, 8}, c{-1, 1, -1, 1, -1, 1, -1, 1};
  vector d{0.5f, -0.5f, 1, -1, 1.5f, -1.5f, 0.1f, -0.1f};
};
struct results {
  float loss = 0;
  vector da = ct::zeros<float>(8), db = ct::zeros<float>(8), dc = ct::zeros<float>(8), dd = ct::zeros<float>(8);
};

template <class Model>
[[gnu::noinline]] void with_ctgrad(arrays const& in, ct::workspace_memory& space, results& r) {
  Model::step.into(space, Model::a = in.a, Model::b = in.b, Model::c = in.c, Model::d = in.d, Model::loss = r.loss, Model::da = r.da, Model::db = r.db, Model::dc = r.dc,
                   Model::dd = r.dd);
}

/// Eight floats are one register of AVX2.
template <class Batch>
[[gnu::noinline]] void by_hand(arrays const& in, results& r) {
  constexpr int width = static_cast<int>(Batch::size);
  Batch sum(0.0f);
  for (int i = 0; i + width <= 8; i += width) {
    Batch const a = Batch::load_unaligned(in.a.data() + i), b = Batch::load_unaligned(in.b.data() + i), c = Batch::load_unaligned(in.c.data() + i), t = xsimd::tanh(Batch::load_unaligned(in.d.data() + i));
    Batch const f = xsimd::fma(a, b, c);
    sum = xsimd::fma(f, t, sum);
    (b * t).store_unaligned(r.da.data() + i);
    (a * t).store_unaligned(r.db.data() + i);
    t.store_unaligned(r.dc.data() + i);
    (f * (Batch(1.0f) - t * t)).store_unaligned(r.dd.data() + i);
  }
  r.loss = hand::sum_of_lanes(sum);
}

template <class Model>
void run(benchmark::State& state) {
  arrays const in;
  results ours, theirs;
  ct::workspace_memory space = [] {
    if constexpr (std::is_same_v<Model, named>) return Model::step.workspace(ct::dim("N"_s) = 8);
    else return Model::step.workspace();
  }();
  using eight = xsimd::make_sized_batch_t<float, 8>;
  using narrow = std::conditional_t<std::is_void_v<eight>, xsimd::make_sized_batch_t<float, 4>, eight>;
  with_ctgrad<Model>(in, space, ours);
  by_hand<narrow>(in, theirs);
  paired::require_close("loss", ours.loss, theirs.loss, 1e-5);
  for (int i = 0; i < 8; ++i) {
    paired::require_close("da", ours.da(i), theirs.da(i), 1e-5);
    paired::require_close("db", ours.db(i), theirs.db(i), 1e-5);
    paired::require_close("dc", ours.dc(i), theirs.dc(i), 1e-5);
    paired::require_close("dd", ours.dd(i), theirs.dd(i), 1e-5);
  }
  long const before = allocations;
  for (int i = 0; i < 1000; ++i) with_ctgrad<Model>(in, space, ours);
  long const allocated = allocations - before;
  if (allocated != 0) {
    std::fprintf(stderr, "1000 calls allocated %ld times\n", allocated);
    std::exit(1);
  }
  paired::compare(state, 0, [&] { with_ctgrad<Model>(in, space, ours); }, [&] { by_hand<narrow>(in, theirs); });
  state.counters["allocations"] = static_cast<double>(allocated);
}

}  // namespace

int main(int argc, char** argv) {
  paired::add("tiny/known_extent", run<known>, paired::short_rounds);
  paired::add("tiny/named_extent", run<named>, paired::short_rounds);
  return paired::run(argc, argv);
}
