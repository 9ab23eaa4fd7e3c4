/**
 * Elementary functions in GLSL ES 3.0, four places at a time, exact to a few units of the last place: what the language's own
 * give is left to drivers, and is often good for three digits only. Nor do they say what `min`, `max` and `isnan` make of NaN.
 * Who calls which function is others' business.
 *
 * Polynomials after S. Moshier's Cephes library; `tanh` and `erf` the rational approximations of Eigen.
 */

/** By name: the functions it calls, and its text. Each may call those before it. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  // By the bits: drivers leave out comparisons of a value with itself.
  [
    'tf_nan',
    'bvec4 tf_nan(vec4 x) { return greaterThan(floatBitsToUint(x) & uvec4(0x7fffffffu), uvec4(0x7f800000u)); }',
  ],
  ['tf_inf', 'bvec4 tf_inf(vec4 x) { return equal(floatBitsToUint(x) & uvec4(0x7fffffffu), uvec4(0x7f800000u)); }'],
  ['tf_NAN', 'vec4 tf_NAN() { return uintBitsToFloat(uvec4(0x7fc00000u)); }'],
  ['tf_INF', 'vec4 tf_INF() { return uintBitsToFloat(uvec4(0x7f800000u)); }'],
  ['tf_or', 'bvec4 tf_or(bvec4 a, bvec4 b) { return bvec4(uvec4(a) | uvec4(b)); }'],
  ['tf_and', 'bvec4 tf_and(bvec4 a, bvec4 b) { return bvec4(uvec4(a) & uvec4(b)); }'],
  // The sign of the second on the first, which is not negative.
  [
    'tf_signed',
    'vec4 tf_signed(vec4 x, vec4 sign) { return uintBitsToFloat(floatBitsToUint(x) | (floatBitsToUint(sign) & uvec4(0x80000000u))); }',
  ],
  [
    'tf_poly',
    `vec4 tf_poly(vec4 x, float a, float b, float c) { return (a * x + b) * x + c; }
vec4 tf_poly(vec4 x, float a, float b, float c, float d) { return ((a * x + b) * x + c) * x + d; }`,
  ],
  [
    'tf_choose',
    `ivec4 tf_choose(bvec4 c, ivec4 a, ivec4 b) { ivec4 m = -ivec4(c); return (a & m) | (b & ~m); }
bvec4 tf_choose(bvec4 c, bvec4 a, bvec4 b) { return bvec4((uvec4(a) & uvec4(c)) | (uvec4(b) & uvec4(not(c)))); }`,
  ],
  ['tf_max', 'vec4 tf_max(vec4 a, vec4 b) { return mix(a, b, tf_or(greaterThan(b, a), tf_nan(b))); }'],
  ['tf_min', 'vec4 tf_min(vec4 a, vec4 b) { return mix(a, b, tf_or(lessThan(b, a), tf_nan(b))); }'],
  ['tf_exp', 'vec4 tf_exp(vec4 x) { return mix(mix(exp(x), tf_INF(), greaterThan(x, vec4(88.8))), x, tf_nan(x)); }'],
  // The logarithm of 2^e (1 + f), with what f lost to rounding given apart.
  [
    'tf_log_parts',
    `vec4 tf_log_parts(vec4 f, vec4 e) {
  vec4 z = f * f;
  vec4 p = (((((((7.0376836292e-2 * f - 1.1514610310e-1) * f + 1.1676998740e-1) * f - 1.2420140846e-1) * f
    + 1.4249322787e-1) * f - 1.6668057665e-1) * f + 2.0000714765e-1) * f - 2.4999993993e-1) * f + 3.3333331174e-1;
  vec4 y = p * f * z + e * -2.12194440e-4 - 0.5 * z;
  return (f + y) + e * 0.693359375;
}`,
  ],
  [
    'tf_log',
    `vec4 tf_log(vec4 x) {
  ivec4 bits = floatBitsToInt(x);
  ivec4 e = ((bits >> 23) & 255) - 126;
  vec4 m = intBitsToFloat((bits & 0x007fffff) | 0x3f000000);
  bvec4 small = lessThan(m, vec4(0.707106781186547524));
  vec4 y = tf_log_parts(mix(m - 1.0, m + m - 1.0, small), vec4(e) - vec4(small));
  y = mix(y, tf_NAN(), lessThan(x, vec4(0.0)));
  y = mix(y, -tf_INF(), lessThan(abs(x), vec4(1.1754943e-38)));
  return mix(y, x, tf_or(tf_nan(x), equal(x, tf_INF())));
}`,
  ],
  // What 1 + x loses is made good: the logarithm is in proportion to what is left of x in the sum.
  [
    'tf_log1p',
    `vec4 tf_log1p(vec4 x) {
  vec4 u = 1.0 + x;
  vec4 d = u - 1.0;
  vec4 y = tf_log(u) * (x / mix(d, vec4(1.0), equal(d, vec4(0.0))));
  y = mix(y, x, equal(d, vec4(0.0)));
  y = mix(y, tf_log(u), tf_or(greaterThan(abs(x), vec4(1e8)), equal(x, vec4(-1.0))));
  y = mix(y, tf_NAN(), lessThan(x, vec4(-1.0)));
  return mix(y, x, tf_or(tf_nan(x), equal(x, tf_INF())));
}`,
  ],
  [
    'tf_expm1',
    `vec4 tf_expm1(vec4 x) {
  vec4 p = ((((((x / 40320.0 + 1.0 / 5040.0) * x + 1.0 / 720.0) * x + 1.0 / 120.0) * x + 1.0 / 24.0) * x + 1.0 / 6.0) * x
    + 0.5) * x * x + x;
  return mix(mix(tf_exp(x) - 1.0, p, lessThan(abs(x), vec4(0.5))), x, equal(x, vec4(0.0)));
}`,
  ],
  // Multiples of a quarter turn are taken off in three steps, of which the first two are exact.
  [
    'tf_turn',
    `vec4 tf_turn(vec4 x, vec4 k) { return ((x - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8; }`,
  ],
  [
    'tf_sin_near',
    `vec4 tf_sin_near(vec4 x) { vec4 z = x * x; return tf_poly(z, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1) * z * x + x; }`,
  ],
  [
    'tf_cos_near',
    `vec4 tf_cos_near(vec4 x) {
  vec4 z = x * x;
  return tf_poly(z, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
}`,
  ],
  // The sine of so many quarter turns and a rest.
  [
    'tf_circle',
    `vec4 tf_circle(vec4 x, vec4 k, ivec4 quarter) {
  vec4 r = tf_turn(x, k);
  vec4 y = mix(tf_sin_near(r), tf_cos_near(r), bvec4(quarter & 1));
  y = mix(y, -y, bvec4(quarter & 2));
  return mix(y, tf_NAN(), tf_or(tf_nan(x), tf_inf(x)));
}`,
  ],
  ['tf_sin', 'vec4 tf_sin(vec4 x) { vec4 k = roundEven(x * 0.636619772367581343); return tf_circle(x, k, ivec4(k)); }'],
  [
    'tf_cos',
    'vec4 tf_cos(vec4 x) { vec4 k = roundEven(x * 0.636619772367581343); return tf_circle(x, k, ivec4(k) + 1); }',
  ],
  [
    'tf_tan',
    `vec4 tf_tan(vec4 x) {
  vec4 k = roundEven(x * 0.636619772367581343);
  vec4 r = tf_turn(x, k);
  bvec4 odd = bvec4(ivec4(k) & 1);
  vec4 s = tf_sin_near(r);
  vec4 c = tf_cos_near(r);
  vec4 y = mix(mix(s, -c, odd) / mix(c, s, odd), x, equal(x, vec4(0.0)));
  return mix(y, tf_NAN(), tf_or(tf_nan(x), tf_inf(x)));
}`,
  ],
  [
    'tf_asin_near',
    `vec4 tf_asin_near(vec4 x) {
  vec4 z = x * x;
  vec4 p = (((4.2163199048e-2 * z + 2.4181311049e-2) * z + 4.5470025998e-2) * z + 7.4953002686e-2) * z + 1.6666752422e-1;
  return p * z * x + x;
}`,
  ],
  [
    'tf_asin',
    `vec4 tf_asin(vec4 x) {
  vec4 a = abs(x);
  vec4 far = 1.57079632679489662 - 2.0 * tf_asin_near(sqrt(max(0.5 * (1.0 - a), vec4(0.0))));
  vec4 y = tf_signed(mix(tf_asin_near(a), far, greaterThan(a, vec4(0.5))), x);
  return mix(y, tf_NAN(), tf_or(tf_nan(x), greaterThan(a, vec4(1.0))));
}`,
  ],
  [
    'tf_acos',
    `vec4 tf_acos(vec4 x) {
  vec4 a = abs(x);
  vec4 far = 2.0 * tf_asin_near(sqrt(max(0.5 * (1.0 - a), vec4(0.0))));
  vec4 y = mix(1.57079632679489662 - tf_asin_near(x), mix(far, 3.14159265358979324 - far, lessThan(x, vec4(0.0))),
    greaterThan(a, vec4(0.5)));
  return mix(y, tf_NAN(), tf_or(tf_nan(x), greaterThan(a, vec4(1.0))));
}`,
  ],
  // Of what is not negative.
  [
    'tf_atan_of',
    `vec4 tf_atan_of(vec4 a) {
  bvec4 far = greaterThan(a, vec4(2.414213562373095));
  bvec4 middle = tf_and(not(far), greaterThan(a, vec4(0.4142135623730950)));
  vec4 x = mix(mix(a, (a - 1.0) / (a + 1.0), middle), -1.0 / a, far);
  vec4 z = x * x;
  vec4 p = tf_poly(z, 8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1);
  return vec4(far) * 1.57079632679489662 + vec4(middle) * 0.785398163397448310 + (p * z * x + x);
}`,
  ],
  ['tf_atan', 'vec4 tf_atan(vec4 x) { return mix(tf_signed(tf_atan_of(abs(x)), x), x, tf_nan(x)); }'],
  [
    'tf_atan2',
    `vec4 tf_atan2(vec4 y, vec4 x) {
  vec4 q = abs(y) / abs(x);
  q = mix(q, vec4(1.0), tf_and(tf_inf(x), tf_inf(y)));
  q = mix(q, vec4(0.0), tf_and(equal(x, vec4(0.0)), equal(y, vec4(0.0))));
  q = mix(q, tf_INF(), tf_and(equal(x, vec4(0.0)), notEqual(y, vec4(0.0))));
  vec4 a = tf_atan_of(q);
  a = mix(a, 3.14159265358979324 - a, bvec4(floatBitsToUint(x) & uvec4(0x80000000u)));
  return mix(tf_signed(a, y), tf_NAN(), tf_or(tf_nan(x), tf_nan(y)));
}`,
  ],
  [
    'tf_sinh',
    `vec4 tf_sinh(vec4 x) {
  vec4 a = abs(x);
  vec4 h = tf_exp(0.5 * a);
  vec4 z = x * x;
  vec4 near = tf_poly(z, 2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1) * z * a + a;
  return mix(tf_signed(mix(0.5 * h * h - 0.5 / (h * h), near, lessThan(a, vec4(1.0))), x), x, tf_nan(x));
}`,
  ],
  [
    'tf_cosh',
    'vec4 tf_cosh(vec4 x) { vec4 h = tf_exp(0.5 * abs(x)); return mix(0.5 * h * h + 0.5 / (h * h), x, tf_nan(x)); }',
  ],
  [
    'tf_tanh',
    `vec4 tf_tanh(vec4 x) {
  vec4 a = mix(x, sign(x) * 7.905311, greaterThan(abs(x), vec4(7.905311)));
  vec4 s = a * a;
  vec4 p = ((((((-2.76076847742355e-16 * s + 2.00018790482477e-13) * s - 8.60467152213735e-11) * s + 5.12229709037114e-8)
    * s + 1.48572235717979e-5) * s + 6.37261928875436e-4) * s + 4.89352455891786e-3);
  vec4 q = tf_poly(s, 1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3);
  return mix(a * p / q, x, tf_or(lessThan(abs(x), vec4(4e-4)), tf_nan(x)));
}`,
  ],
  [
    'tf_asinh',
    `vec4 tf_asinh(vec4 x) {
  vec4 a = abs(x);
  vec4 y = tf_log1p(a + a * a / (1.0 + sqrt(a * a + 1.0)));
  return mix(tf_signed(mix(y, tf_log(a) + 0.693147180559945309, greaterThan(a, vec4(1e9))), x), x, tf_nan(x));
}`,
  ],
  [
    'tf_acosh',
    `vec4 tf_acosh(vec4 x) {
  vec4 t = x - 1.0;
  vec4 y = mix(tf_log1p(t + sqrt(max(t * (t + 2.0), vec4(0.0)))), tf_log(x) + 0.693147180559945309, greaterThan(x, vec4(1e9)));
  return mix(y, tf_NAN(), tf_or(tf_nan(x), lessThan(x, vec4(1.0))));
}`,
  ],
  [
    'tf_atanh',
    'vec4 tf_atanh(vec4 x) { vec4 a = abs(x); return mix(tf_signed(0.5 * tf_log1p(2.0 * a / (1.0 - a)), x), tf_NAN(), tf_or(tf_nan(x), greaterThan(a, vec4(1.0)))); }',
  ],
  [
    'tf_erf',
    `vec4 tf_erf(vec4 x) {
  vec4 a = clamp(x, vec4(-4.0), vec4(4.0));
  vec4 s = a * a;
  vec4 p = tf_poly(s, -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5);
  p = ((p * s - 7.34990630326855e-4) * s - 2.95459980854025e-3) * s - 1.60960333262415e-2;
  vec4 q = tf_poly(s, -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3);
  q = q * s - 1.42647390514189e-2;
  return mix(tf_signed(abs(a * p / q), x), x, tf_nan(x));
}`,
  ],
  [
    'tf_softplus',
    'vec4 tf_softplus(vec4 x) { return mix(mix(vec4(0.0), x, greaterThan(x, vec4(0.0))) + tf_log1p(tf_exp(-abs(x))), x, tf_nan(x)); }',
  ],
  ['tf_relu', 'vec4 tf_relu(vec4 x) { return mix(vec4(0.0), x, tf_or(greaterThan(x, vec4(0.0)), tf_nan(x))); }'],
  ['tf_relu6', 'vec4 tf_relu6(vec4 x) { vec4 y = tf_relu(x); return mix(y, vec4(6.0), greaterThan(y, vec4(6.0))); }'],
  ['tf_elu', 'vec4 tf_elu(vec4 x) { return mix(tf_expm1(x), x, greaterThan(x, vec4(0.0))); }'],
  [
    'tf_selu',
    `vec4 tf_selu(vec4 x) {
  return mix(1.7580993408473768599402175208123 * tf_expm1(x), 1.0507009873554804934193349852946 * x, greaterThan(x, vec4(0.0)));
}`,
  ],
  [
    'tf_sigmoid',
    'vec4 tf_sigmoid(vec4 x) { vec4 z = tf_exp(-abs(x)); return mix(vec4(1.0), z, lessThan(x, vec4(0.0))) / (1.0 + z); }',
  ],
  // Limits are no NaN.
  [
    'tf_clip',
    'vec4 tf_clip(vec4 x, float low, float high) { vec4 y = mix(x, vec4(low), lessThan(x, vec4(low))); return mix(y, vec4(high), greaterThan(y, vec4(high))); }',
  ],
  // By way of logarithms to base 2 of the mantissa alone, so that a large exponent takes no digits from it.
  [
    'tf_pow',
    `float tf_pow_one(float x, float y) {
  uint ax = floatBitsToUint(x) & 0x7fffffffu, ay = floatBitsToUint(y) & 0x7fffffffu;
  if (ay == 0u || x == 1.0) return 1.0;
  if (ax > 0x7f800000u || ay > 0x7f800000u) return uintBitsToFloat(0x7fc00000u);
  float a = abs(x);
  float inf = uintBitsToFloat(0x7f800000u);
  bool isWhole = abs(y) >= 8388608.0 || floor(y) == y;
  bool isOdd = isWhole && abs(y) < 16777216.0 && mod(abs(y), 2.0) == 1.0;
  float sign = isOdd && (floatBitsToUint(x) & 0x80000000u) != 0u ? -1.0 : 1.0;
  if (ay == 0x7f800000u) return a == 1.0 ? 1.0 : ((a > 1.0) == (y > 0.0) ? inf : 0.0);
  if (ax < 0x00800000u) return sign * (y > 0.0 ? 0.0 : inf);
  if (ax == 0x7f800000u) return sign * (y > 0.0 ? inf : 0.0);
  if (x < 0.0 && !isWhole) return uintBitsToFloat(0x7fc00000u);
  int e = int(ax >> 23) - 126;
  float m = uintBitsToFloat((ax & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781186547524) { m += m; e--; }
  float l = tf_log_parts(vec4(m - 1.0), vec4(0.0)).x * 1.44269504088896341;
  float t = y * float(e);
  if (abs(t) > 1e6) return sign * (t > 0.0 ? inf : 0.0);
  float n = floor(t + y * l + 0.5);
  float r = (t - n) + y * l;
  if (n > 128.0) return sign * inf;
  if (n < -150.0) return sign * 0.0;
  float half_n = floor(n * 0.5);
  return sign * exp2(r) * exp2(half_n) * exp2(n - half_n);
}
vec4 tf_pow(vec4 x, vec4 y) {
  return vec4(tf_pow_one(x.x, y.x), tf_pow_one(x.y, y.y), tf_pow_one(x.z, y.z), tf_pow_one(x.w, y.w));
}`,
  ],
]);

/** The functions that the text calls, those first that they call themselves. */
export function functionsFor(text: string): string {
  const found: string[] = [];
  let all = text;
  for (const [name, code] of [...FUNCTIONS].reverse()) {
    if (!all.includes(`${name}(`)) continue;
    found.unshift(code);
    all += code;
  }
  return found.join('\n');
}
