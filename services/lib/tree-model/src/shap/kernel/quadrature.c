// Exact path-dependent SHAP values by Gauss-Legendre quadrature: see ../quadrature-program.ts for the method and
// for the words of a program. The arithmetic of both kernels here and of ../scalar-kernel.ts is the same operation
// for operation, so that all three give the same bits. No fused multiply-add: its rounding depends on the machine.

typedef float f4 __attribute__((vector_size(16)));
typedef float f4u __attribute__((vector_size(16), aligned(4)));
typedef int i4 __attribute__((vector_size(16)));

#define EXPORT(name) __attribute__((export_name(name)))
#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = 64, ROWS = 16, VECTORS = ROWS / 4 };
enum { END, FRESH_DOWN, FRESH_UP, REPEAT_DOWN, REPEAT_UP, LEAF, FRESH_STUMP, REPEAT_STUMP, FORK };

typedef struct { int column; float threshold; int missing; } Split;
typedef struct { int pair, side, known; } Ancestor;
typedef struct { int output, points, operations, rule, flush; } Unit;
typedef struct { Split split; int slot, pair; float share; } FreshDown;
typedef struct { int slot, pair, feature; float share; } FreshUp;
typedef struct { Split split; int slot, pair; Ancestor met; int table; } RepeatDown;
typedef struct { int slot, pair, feature, table; } RepeatUp;
typedef struct { int slot; float value; } Leaf;
typedef struct { int feature; float step, share_step; } Ends;
typedef struct { Split split; int slot; Ends ends; float base; } FreshStump;
typedef struct { Split split; int slot, feature; Ancestor met; int table; } RepeatStump;
typedef struct { Split split, left_split, right_split; int slot, feature; float share; Ends left, right; float gap, base; } Fork;

typedef struct { int source, first, count, missing; } SetColumn;

/*
 * A model in memory, laid out by ../wasm-kernel.ts. `weight` holds a slot's path weight on the way down and its
 * subtree's value on the way up; `mask` and `known` what the row met, by pair of children.
 */
typedef struct {
  int features, outputs, n_units, n_sets;
  const Unit *units;
  const int *operations;
  const float *rules, *tables;
  const SetColumn *sets;
  const float *members, *input;
  float *output, *columns, *phi;
  double *total;
  float *weight;
  int *mask, *known;
} Model;

INLINE f4 splat(float v) { return (f4){v, v, v, v}; }
INLINE i4 splat_mask(int v) { return (i4){v, v, v, v}; }
INLINE f4 at(const float *table, int vector) { return *(const f4u *)(table + 4 * vector); }
INLINE f4 masked(i4 mask, f4 v) { return (f4)(mask & (i4)v); }

// ---- many rows: rows in the lanes, points in the loop -------------------------------------------------------------

#define EACH(u) _Pragma("clang loop unroll(full)") for (int u = 0; u < VECTORS; u++)

INLINE f4 end_slope(const Ends *e, i4 mask) { return masked(mask, splat(e->step)) - splat(e->share_step); }

INLINE void compare(const int nan, const float *x, const Split *s, i4 *mask) {
  const f4 *values = (const f4 *)(x + s->column * BLOCK);
  EACH(u) {
    mask[u] = values[u] <= splat(s->threshold);
    if (nan) mask[u] |= (values[u] != values[u]) & splat_mask(s->missing);
  }
}

INLINE void add(float *phi, int feature, const f4 *terms) {
  f4 *p = (f4 *)(phi + feature * BLOCK);
  EACH(u) p[u] += terms[u];
}

/* What the row is known to meet of the feature's earlier conditions. */
INLINE void recall(const Model *s, const Ancestor *met, i4 *known) {
  const i4 *mask = (const i4 *)(s->mask + met->pair * ROWS), *before = (const i4 *)(s->known + met->known * ROWS);
  EACH(u) known[u] = before[u] & ~(mask[u] ^ splat_mask(met->side));
}

INLINE f4 *weights(const Model *s, int slot, int points) { return (f4 *)(s->weight + slot * points * ROWS); }

INLINE void explain_rows(const int nan, const int *op, const float *t, int points, const float *x, float *phi, const Model *s) {
  int padded = (points + 3) & ~3;
  const float *w = t + padded;
  f4 *root = weights(s, 0, points);
  for (int q = 0; q < points; q++) EACH(u) root[q * VECTORS + u] = splat(w[q]);
  i4 *all = (i4 *)s->known;
  EACH(u) all[u] = splat_mask(-1);
  for (;;) {
    int kind = op[0], count = op[1];
    op += 2;
    switch (kind) {
    case END: return;
    case FRESH_DOWN:
      for (const FreshDown *n = (const FreshDown *)op; count-- > 0; op = (const int *)++n) {
        i4 *m = (i4 *)(s->mask + n->pair * ROWS);
        i4 mask[VECTORS];
        compare(nan, x, &n->split, mask);
        f4 share = splat(n->share), slope[VECTORS];
        EACH(u) m[u] = mask[u], slope[u] = masked(mask[u], splat(1)) - share;
        const f4 *g = weights(s, n->slot, points);
        f4 *l = weights(s, 2 * n->pair + 1, points), *r = l + points * VECTORS;
        for (int q = 0; q < points; q++, g += VECTORS, l += VECTORS, r += VECTORS) {
          f4 tq = splat(t[q]);
          EACH(u) {
            l[u] = g[u] * (share + slope[u] * tq);
            r[u] = g[u] - l[u];
          }
        }
      }
      break;
    case FRESH_UP:
      for (const FreshUp *n = (const FreshUp *)op; count-- > 0; op = (const int *)++n) {
        const i4 *m = (const i4 *)(s->mask + n->pair * ROWS);
        f4 *g = weights(s, n->slot, points);
        const f4 *l = weights(s, 2 * n->pair + 1, points), *r = l + points * VECTORS;
        f4 sum[VECTORS], slope[VECTORS], share = splat(n->share);
        EACH(u) slope[u] = masked(m[u], splat(1)) - share, sum[u] = splat(0);
        for (int q = 0; q < points; q++, g += VECTORS, l += VECTORS, r += VECTORS) {
          f4 tq = splat(t[q]);
          EACH(u) {
            f4 d = l[u] - r[u];
            sum[u] += g[u] * d;
            g[u] = r[u] + (share + slope[u] * tq) * d;
          }
        }
        EACH(u) sum[u] *= slope[u];
        add(phi, n->feature, sum);
      }
      break;
    case REPEAT_DOWN:
      for (const RepeatDown *n = (const RepeatDown *)op; count-- > 0; op = (const int *)++n) {
        i4 *m = (i4 *)(s->mask + n->pair * ROWS), *k = (i4 *)(s->known + (n->pair + 1) * ROWS);
        i4 mask[VECTORS], known[VECTORS];
        compare(nan, x, &n->split, mask);
        recall(s, &n->met, known);
        EACH(u) m[u] = mask[u], k[u] = known[u];
        const float *a = s->tables + n->table + 1, *b = a + padded;
        f4 share = splat(a[-1]);
        const f4 *g = weights(s, n->slot, points);
        f4 *l = weights(s, 2 * n->pair + 1, points), *r = l + points * VECTORS;
        for (int q = 0; q < points; q++, g += VECTORS, l += VECTORS, r += VECTORS) {
          f4 aq = splat(a[q]), bq = splat(b[q]);
          EACH(u) {
            l[u] = g[u] * ((share + masked(known[u], aq)) + masked(known[u] & mask[u], bq));
            r[u] = g[u] - l[u];
          }
        }
      }
      break;
    case REPEAT_UP:
      for (const RepeatUp *n = (const RepeatUp *)op; count-- > 0; op = (const int *)++n) {
        const i4 *m = (const i4 *)(s->mask + n->pair * ROWS), *k = (const i4 *)(s->known + (n->pair + 1) * ROWS);
        const float *a = s->tables + n->table + 1, *b = a + padded, *c = b + padded, *e = c + padded;
        f4 share = splat(a[-1]);
        f4 *g = weights(s, n->slot, points);
        const f4 *l = weights(s, 2 * n->pair + 1, points), *r = l + points * VECTORS;
        i4 known[VECTORS], both[VECTORS];
        f4 sum[VECTORS];
        EACH(u) known[u] = k[u], both[u] = k[u] & m[u], sum[u] = splat(0);
        for (int q = 0; q < points; q++, g += VECTORS, l += VECTORS, r += VECTORS) {
          f4 aq = splat(a[q]), bq = splat(b[q]), cq = splat(c[q]), eq = splat(e[q]);
          EACH(u) {
            f4 d = l[u] - r[u];
            sum[u] += (g[u] * d) * (masked(known[u], cq) + masked(both[u], eq));
            g[u] = r[u] + ((share + masked(known[u], aq)) + masked(both[u], bq)) * d;
          }
        }
        add(phi, n->feature, sum);
      }
      break;
    case LEAF:
      for (const Leaf *n = (const Leaf *)op; count-- > 0; op = (const int *)++n) {
        f4 *g = weights(s, n->slot, points);
        for (int q = 0; q < points * VECTORS; q++) g[q] = splat(n->value);
      }
      break;
    case FRESH_STUMP:
      for (const FreshStump *n = (const FreshStump *)op; count-- > 0; op = (const int *)++n) {
        i4 mask[VECTORS];
        f4 sum[VECTORS], slope[VECTORS];
        compare(nan, x, &n->split, mask);
        EACH(u) slope[u] = end_slope(&n->ends, mask[u]), sum[u] = splat(0);
        f4 *g = weights(s, n->slot, points);
        for (int q = 0; q < points; q++, g += VECTORS) {
          f4 tq = splat(t[q]);
          EACH(u) {
            sum[u] += g[u];
            g[u] = splat(n->base) + slope[u] * tq;
          }
        }
        EACH(u) sum[u] *= slope[u];
        add(phi, n->ends.feature, sum);
      }
      break;
    case REPEAT_STUMP:
      for (const RepeatStump *n = (const RepeatStump *)op; count-- > 0; op = (const int *)++n) {
        const float *a = s->tables + n->table + 1, *b = a + padded, *c = b + padded, *e = c + padded;
        f4 base = splat(a[-1]);
        i4 both[VECTORS], known[VECTORS];
        f4 sum[VECTORS];
        compare(nan, x, &n->split, both);
        recall(s, &n->met, known);
        EACH(u) both[u] &= known[u], sum[u] = splat(0);
        f4 *g = weights(s, n->slot, points);
        for (int q = 0; q < points; q++, g += VECTORS) {
          f4 aq = splat(a[q]), bq = splat(b[q]), cq = splat(c[q]), eq = splat(e[q]);
          EACH(u) {
            sum[u] += g[u] * (masked(known[u], cq) + masked(both[u], eq));
            g[u] = (base + masked(known[u], aq)) + masked(both[u], bq);
          }
        }
        add(phi, n->feature, sum);
      }
      break;
    case FORK:
      for (const Fork *n = (const Fork *)op; count-- > 0; op = (const int *)++n) {
        f4 *g = weights(s, n->slot, points);
        f4 zeroth[VECTORS], first[VECTORS];
        EACH(u) zeroth[u] = first[u] = splat(0);
        for (int q = 0; q < points; q++) {
          f4 tq = splat(t[q]);
          EACH(u) {
            zeroth[u] += g[q * VECTORS + u];
            first[u] += g[q * VECTORS + u] * tq;
          }
        }
        i4 mask[VECTORS];
        f4 slope[VECTORS], left[VECTORS], right[VECTORS], linear[VECTORS], square[VECTORS], term[VECTORS];
        compare(nan, x, &n->split, mask);
        EACH(u) slope[u] = masked(mask[u], splat(1)) - splat(n->share);
        compare(nan, x, &n->left_split, mask);
        EACH(u) left[u] = end_slope(&n->left, mask[u]);
        compare(nan, x, &n->right_split, mask);
        EACH(u) right[u] = end_slope(&n->right, mask[u]);
        f4 share = splat(n->share), gap = splat(n->gap);
        EACH(u) {
          f4 difference = left[u] - right[u], part = share * zeroth[u] + slope[u] * first[u];
          term[u] = slope[u] * (gap * zeroth[u] + difference * first[u]);
          linear[u] = (right[u] + share * difference) + slope[u] * gap;
          square[u] = slope[u] * difference;
          left[u] *= part;
          right[u] *= zeroth[u] - part;
        }
        add(phi, n->feature, term);
        add(phi, n->left.feature, left);
        add(phi, n->right.feature, right);
        f4 base = splat(n->base);
        for (int q = 0; q < points; q++) {
          f4 tq = splat(t[q]);
          EACH(u) g[q * VECTORS + u] = base + tq * (linear[u] + tq * square[u]);
        }
      }
      break;
    }
  }
}

/* The compiler unrolls the loops over the points where it knows how many there are. */
static void explain_group(int nan, const int *op, const float *t, int points, const float *x, float *phi, const Model *m) {
  if (nan) explain_rows(1, op, t, points, x, phi, m);
  else if (points == 3) explain_rows(0, op, t, 3, x, phi, m);
  else if (points == 4) explain_rows(0, op, t, 4, x, phi, m);
  else explain_rows(0, op, t, points, x, phi, m);
}

/* Adds `count` float32 sums to float64 ones and clears them. */
INLINE void flush(float *phi, double *total, int count) {
  for (int i = 0; i < count; i++) {
    total[i] += phi[i];
    phi[i] = 0;
  }
}

/* 0 where the value is in the set, 1 elsewhere, by the default direction where it is missing. */
INLINE float set_value(const Model *m, const SetColumn *set, float value) {
  if (value != value) return set->missing ? 0 : 1;
  for (int i = 0; i < set->count; i++) if (m->members[set->first + i] == value) return 0;
  return 1;
}

/* Input rows as columns of BLOCK values, set columns behind them; returns whether a value is missing. */
static int load_block(const Model *m, int rows) {
  int missing = 0;
  for (int f = 0; f < m->features; f++) {
    float *column = m->columns + f * BLOCK;
    for (int r = 0; r < rows; r++) {
      float value = m->input[r * m->features + f];
      missing |= value != value;
      column[r] = value;
    }
  }
  for (int i = 0; i < m->n_sets; i++) {
    const float *source = m->columns + m->sets[i].source * BLOCK;
    float *column = m->columns + (m->features + i) * BLOCK;
    for (int r = 0; r < rows; r++) column[r] = set_value(m, m->sets + i, source[r]);
  }
  return missing;
}

/* Explains the first `rows` input rows, at most BLOCK: output [rows x outputs x features], row-major. */
EXPORT("explain_block") void explain_block(const Model *m, int rows) {
  int missing = load_block(m, rows), features = m->features, values = m->outputs * features;
  for (int i = 0; i < features * BLOCK; i++) m->phi[i] = 0;
  for (int i = 0; i < values * BLOCK; i++) m->total[i] = 0;
  for (int i = 0; i < m->n_units; i++) {
    const Unit *unit = m->units + i;
    const int *op = m->operations + unit->operations;
    const float *t = m->rules + unit->rule;
    for (int first = 0; first < rows; first += ROWS) {
      explain_group(missing, op, t, unit->points, m->columns + first, m->phi + first, m);
    }
    if (unit->flush) flush(m->phi, m->total + unit->output * features * BLOCK, features * BLOCK);
  }
  for (int r = 0; r < rows; r++) for (int i = 0; i < values; i++) m->output[r * values + i] = (float)m->total[i * BLOCK + r];
}

// ---- one row: points in the lanes ---------------------------------------------------------------------------------

/* The same mask in all lanes. A scalar comparison would end as a jump that nobody can predict. */
INLINE i4 compare_one(const int nan, const float *x, const Split *s) {
  f4 value = splat(x[s->column]);
  i4 mask = value <= splat(s->threshold);
  if (nan) mask |= (value != value) & splat_mask(s->missing);
  return mask;
}

/* Sum over the points, ascending like the loop of explain_rows; `points` is 0 where the compiler does not know it. */
INLINE float sum_of(const int points, float sum, f4 terms) {
  if (points == 3) return terms[0] + terms[1] + terms[2];
  if (points == 4) return terms[0] + terms[1] + terms[2] + terms[3];
  return sum + terms[0] + terms[1] + terms[2] + terms[3];
}

INLINE i4 recall_one(const Model *s, const Ancestor *met) {
  const i4 *mask = (const i4 *)s->mask, *known = (const i4 *)s->known;
  return known[met->known] & ~(mask[met->pair] ^ splat_mask(met->side));
}

INLINE void explain_row_with(const int nan, const int points, const int vectors, const int *op, const f4 *t, const float *x, float *phi, const Model *s) {
  const f4 *w = t + vectors;
  f4 *weight = (f4 *)s->weight;
  for (int v = 0; v < vectors; v++) weight[v] = w[v];
  i4 *masks = (i4 *)s->mask, *knowns = (i4 *)s->known;
  knowns[0] = splat_mask(-1);
  for (;;) {
    int kind = op[0], count = op[1];
    op += 2;
    switch (kind) {
    case END: return;
    case FRESH_DOWN:
      for (const FreshDown *n = (const FreshDown *)op; count-- > 0; op = (const int *)++n) {
        i4 mask = masks[n->pair] = compare_one(nan, x, &n->split);
        f4 share = splat(n->share), slope = masked(mask, splat(1)) - share;
        const f4 *g = weight + n->slot * vectors;
        f4 *l = weight + (2 * n->pair + 1) * vectors, *r = l + vectors;
        for (int v = 0; v < vectors; v++) {
          l[v] = g[v] * (share + slope * t[v]);
          r[v] = g[v] - l[v];
        }
      }
      break;
    case FRESH_UP:
      for (const FreshUp *n = (const FreshUp *)op; count-- > 0; op = (const int *)++n) {
        f4 share = splat(n->share), slope = masked(masks[n->pair], splat(1)) - share;
        f4 *g = weight + n->slot * vectors;
        const f4 *l = weight + (2 * n->pair + 1) * vectors, *r = l + vectors;
        float sum = 0;
        for (int v = 0; v < vectors; v++) {
          f4 d = l[v] - r[v];
          sum = sum_of(points, sum, g[v] * d);
          g[v] = r[v] + (share + slope * t[v]) * d;
        }
        phi[n->feature] += sum * slope[0];
      }
      break;
    case REPEAT_DOWN:
      for (const RepeatDown *n = (const RepeatDown *)op; count-- > 0; op = (const int *)++n) {
        i4 known = knowns[n->pair + 1] = recall_one(s, &n->met);
        i4 mask = masks[n->pair] = compare_one(nan, x, &n->split);
        const float *table = s->tables + n->table + 1;
        const f4 *g = weight + n->slot * vectors;
        f4 *l = weight + (2 * n->pair + 1) * vectors, *r = l + vectors;
        for (int v = 0; v < vectors; v++) {
          f4 a = at(table, v), b = at(table, vectors + v);
          l[v] = g[v] * ((splat(table[-1]) + masked(known, a)) + masked(known & mask, b));
          r[v] = g[v] - l[v];
        }
      }
      break;
    case REPEAT_UP:
      for (const RepeatUp *n = (const RepeatUp *)op; count-- > 0; op = (const int *)++n) {
        i4 known = knowns[n->pair + 1], both = known & masks[n->pair];
        const float *table = s->tables + n->table + 1;
        f4 *g = weight + n->slot * vectors;
        const f4 *l = weight + (2 * n->pair + 1) * vectors, *r = l + vectors;
        float sum = 0;
        for (int v = 0; v < vectors; v++) {
          f4 a = at(table, v), b = at(table, vectors + v), c = at(table, 2 * vectors + v), e = at(table, 3 * vectors + v);
          f4 d = l[v] - r[v];
          sum = sum_of(points, sum, (g[v] * d) * (masked(known, c) + masked(both, e)));
          g[v] = r[v] + ((splat(table[-1]) + masked(known, a)) + masked(both, b)) * d;
        }
        phi[n->feature] += sum;
      }
      break;
    case LEAF:
      for (const Leaf *n = (const Leaf *)op; count-- > 0; op = (const int *)++n) {
        for (int v = 0; v < vectors; v++) weight[n->slot * vectors + v] = splat(n->value);
      }
      break;
    case FRESH_STUMP:
      for (const FreshStump *n = (const FreshStump *)op; count-- > 0; op = (const int *)++n) {
        f4 slope = end_slope(&n->ends, compare_one(nan, x, &n->split));
        f4 *g = weight + n->slot * vectors;
        float sum = 0;
        for (int v = 0; v < vectors; v++) {
          sum = sum_of(points, sum, g[v]);
          g[v] = splat(n->base) + slope * t[v];
        }
        phi[n->ends.feature] += sum * slope[0];
      }
      break;
    case REPEAT_STUMP:
      for (const RepeatStump *n = (const RepeatStump *)op; count-- > 0; op = (const int *)++n) {
        i4 known = recall_one(s, &n->met), both = known & compare_one(nan, x, &n->split);
        const float *table = s->tables + n->table + 1;
        f4 *g = weight + n->slot * vectors;
        float sum = 0;
        for (int v = 0; v < vectors; v++) {
          f4 a = at(table, v), b = at(table, vectors + v), c = at(table, 2 * vectors + v), e = at(table, 3 * vectors + v);
          sum = sum_of(points, sum, g[v] * (masked(known, c) + masked(both, e)));
          g[v] = (splat(table[-1]) + masked(known, a)) + masked(both, b);
        }
        phi[n->feature] += sum;
      }
      break;
    case FORK:
      for (const Fork *n = (const Fork *)op; count-- > 0; op = (const int *)++n) {
        f4 *g = weight + n->slot * vectors;
        float zeroth = 0, first = 0;
        for (int v = 0; v < vectors; v++) {
          zeroth = sum_of(points, zeroth, g[v]);
          first = sum_of(points, first, g[v] * t[v]);
        }
        f4 share = splat(n->share), gap = splat(n->gap);
        f4 slope = masked(compare_one(nan, x, &n->split), splat(1)) - share;
        f4 left = end_slope(&n->left, compare_one(nan, x, &n->left_split));
        f4 right = end_slope(&n->right, compare_one(nan, x, &n->right_split));
        f4 difference = left - right, part = share * splat(zeroth) + slope * splat(first);
        phi[n->feature] += (slope * (gap * splat(zeroth) + difference * splat(first)))[0];
        phi[n->left.feature] += (left * part)[0];
        phi[n->right.feature] += (right * (splat(zeroth) - part))[0];
        f4 linear = (right + share * difference) + slope * gap, square = slope * difference;
        for (int v = 0; v < vectors; v++) g[v] = splat(n->base) + t[v] * (linear + t[v] * square);
      }
      break;
    }
  }
}

/* Explains the first input row: output [outputs x features]. */
EXPORT("explain_row") void explain_row(const Model *m) {
  int features = m->features, values = m->outputs * features, missing = 0;
  for (int f = 0; f < features; f++) {
    missing |= m->input[f] != m->input[f];
    m->columns[f] = m->input[f];
    m->phi[f] = 0;
  }
  for (int i = 0; i < m->n_sets; i++) m->columns[features + i] = set_value(m, m->sets + i, m->input[m->sets[i].source]);
  for (int i = 0; i < values; i++) m->total[i] = 0;
  for (int i = 0; i < m->n_units; i++) {
    const Unit *unit = m->units + i;
    const f4 *t = (const f4 *)(m->rules + unit->rule);
    const int *op = m->operations + unit->operations;
    int vectors = (unit->points + 3) / 4;
    if (missing) explain_row_with(1, 0, vectors, op, t, m->columns, m->phi, m);
    else if (unit->points == 3) explain_row_with(0, 3, 1, op, t, m->columns, m->phi, m);
    else if (unit->points == 4) explain_row_with(0, 4, 1, op, t, m->columns, m->phi, m);
    else explain_row_with(0, 0, vectors, op, t, m->columns, m->phi, m);
    if (unit->flush) flush(m->phi, m->total + unit->output * features, features);
  }
  for (int i = 0; i < values; i++) m->output[i] = (float)m->total[i];
}
