/**
 * Elementary functions in WGSL, exact to a few units of the last place, with TensorFlow's results for NaN and infinities: the
 * language leaves the digits of its own to drivers, and lets them take it that there is neither. Who calls which function is
 * others' business. They stand where tfjs has declared `uniforms.NAN`, `uniforms.INFINITY` and `isnan`.
 *
 * The same polynomials as in GLSL (`compiler/codegen/webgl/functions.ts`): after S. Moshier's Cephes library and Eigen.
 */

/** By name: the text. Each may call those before it. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['tf_inf', 'fn tf_inf(x : f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }'],
  // The sign of the second on the first, which is not negative.
  [
    'tf_signed',
    'fn tf_signed(x : f32, sign : f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | (bitcast<u32>(sign) & 0x80000000u)); }',
  ],
  [
    'tf_exp',
    `fn tf_exp(x : f32) -> f32 {
  if (isnan(x)) { return x; }
  if (x > 88.8) { return uniforms.INFINITY; }
  if (x < -104.0) { return 0.0; }
  return exp(x);
}`,
  ],
  // The logarithm of 2^e (1 + f), with what f lost to rounding given apart.
  [
    'tf_log_parts',
    `fn tf_log_parts(f : f32, e : f32) -> f32 {
  let z = f * f;
  let p = (((((((7.0376836292e-2 * f - 1.1514610310e-1) * f + 1.1676998740e-1) * f - 1.2420140846e-1) * f
    + 1.4249322787e-1) * f - 1.6668057665e-1) * f + 2.0000714765e-1) * f - 2.4999993993e-1) * f + 3.3333331174e-1;
  let y = p * f * z + e * -2.12194440e-4 - 0.5 * z;
  return (f + y) + e * 0.693359375;
}`,
  ],
  [
    'tf_log',
    `fn tf_log(x : f32) -> f32 {
  if (isnan(x)) { return x; }
  if (abs(x) < 1.1754943e-38) { return -uniforms.INFINITY; }
  if (x < 0.0) { return uniforms.NAN; }
  if (tf_inf(x)) { return x; }
  let bits = bitcast<u32>(x);
  var e = f32(i32((bits >> 23u) & 255u) - 126);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781186547524) { m = m + m; e = e - 1.0; }
  return tf_log_parts(m - 1.0, e);
}`,
  ],
  // What 1 + x loses is made good: the logarithm is in proportion to what is left of x in the sum.
  [
    'tf_log1p',
    `fn tf_log1p(x : f32) -> f32 {
  if (isnan(x)) { return x; }
  if (x < -1.0) { return uniforms.NAN; }
  let u = 1.0 + x;
  if (abs(x) > 1e8 || x == -1.0) { return tf_log(u); }
  let d = u - 1.0;
  if (d == 0.0) { return x; }
  return tf_log(u) * (x / d);
}`,
  ],
  [
    'tf_expm1',
    `fn tf_expm1(x : f32) -> f32 {
  if (x == 0.0) { return x; }
  if (isnan(x) || !(abs(x) < 0.5)) { return tf_exp(x) - 1.0; }
  return ((((((x / 40320.0 + 1.0 / 5040.0) * x + 1.0 / 720.0) * x + 1.0 / 120.0) * x + 1.0 / 24.0) * x + 1.0 / 6.0) * x
    + 0.5) * x * x + x;
}`,
  ],
  // Multiples of a quarter turn are taken off in three steps, of which the first two are exact.
  [
    'tf_turn',
    'fn tf_turn(x : f32, k : f32) -> f32 { return ((x - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8; }',
  ],
  [
    'tf_sin_near',
    `fn tf_sin_near(x : f32) -> f32 {
  let z = x * x;
  return ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * x + x;
}`,
  ],
  [
    'tf_cos_near',
    `fn tf_cos_near(x : f32) -> f32 {
  let z = x * x;
  return ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
}`,
  ],
  // The sine of so many quarter turns and a rest.
  [
    'tf_circle',
    `fn tf_circle(x : f32, k : f32, quarter : i32) -> f32 {
  if (isnan(x) || tf_inf(x)) { return uniforms.NAN; }
  let r = tf_turn(x, k);
  var y = tf_sin_near(r);
  if ((quarter & 1) != 0) { y = tf_cos_near(r); }
  return select(y, -y, (quarter & 2) != 0);
}`,
  ],
  ['tf_sin', 'fn tf_sin(x : f32) -> f32 { let k = round(x * 0.636619772367581343); return tf_circle(x, k, i32(k)); }'],
  [
    'tf_cos',
    'fn tf_cos(x : f32) -> f32 { let k = round(x * 0.636619772367581343); return tf_circle(x, k, i32(k) + 1); }',
  ],
  [
    'tf_tan',
    `fn tf_tan(x : f32) -> f32 {
  if (x == 0.0) { return x; }
  if (isnan(x) || tf_inf(x)) { return uniforms.NAN; }
  let k = round(x * 0.636619772367581343);
  let r = tf_turn(x, k);
  let s = tf_sin_near(r);
  let c = tf_cos_near(r);
  if ((i32(k) & 1) != 0) { return -c / s; }
  return s / c;
}`,
  ],
  [
    'tf_asin_near',
    `fn tf_asin_near(x : f32) -> f32 {
  let z = x * x;
  let p = (((4.2163199048e-2 * z + 2.4181311049e-2) * z + 4.5470025998e-2) * z + 7.4953002686e-2) * z + 1.6666752422e-1;
  return p * z * x + x;
}`,
  ],
  [
    'tf_asin',
    `fn tf_asin(x : f32) -> f32 {
  let a = abs(x);
  if (isnan(x) || a > 1.0) { return uniforms.NAN; }
  var y = tf_asin_near(a);
  if (a > 0.5) { y = 1.57079632679489662 - 2.0 * tf_asin_near(sqrt(0.5 * (1.0 - a))); }
  return tf_signed(y, x);
}`,
  ],
  [
    'tf_acos',
    `fn tf_acos(x : f32) -> f32 {
  let a = abs(x);
  if (isnan(x) || a > 1.0) { return uniforms.NAN; }
  if (a <= 0.5) { return 1.57079632679489662 - tf_asin_near(x); }
  let far = 2.0 * tf_asin_near(sqrt(0.5 * (1.0 - a)));
  return select(far, 3.14159265358979324 - far, x < 0.0);
}`,
  ],
  // Of what is not negative.
  [
    'tf_atan_of',
    `fn tf_atan_of(a : f32) -> f32 {
  if (tf_inf(a)) { return 1.57079632679489662; }
  var x = a;
  var start = 0.0;
  if (a > 2.414213562373095) { x = -1.0 / a; start = 1.57079632679489662; }
  else if (a > 0.4142135623730950) { x = (a - 1.0) / (a + 1.0); start = 0.785398163397448310; }
  let z = x * x;
  let p = ((8.05374449538e-2 * z - 1.38776856032e-1) * z + 1.99777106478e-1) * z - 3.33329491539e-1;
  return start + (p * z * x + x);
}`,
  ],
  ['tf_atan', 'fn tf_atan(x : f32) -> f32 { if (isnan(x)) { return x; } return tf_signed(tf_atan_of(abs(x)), x); }'],
  [
    'tf_atan2',
    `fn tf_atan2(y : f32, x : f32) -> f32 {
  if (isnan(x) || isnan(y)) { return uniforms.NAN; }
  var q = 0.0;
  if (tf_inf(y)) { q = select(uniforms.INFINITY, 1.0, tf_inf(x)); }
  else if (tf_inf(x) || y == 0.0) { q = 0.0; }
  else if (x == 0.0) { q = uniforms.INFINITY; }
  else { q = abs(y) / abs(x); }
  var a = tf_atan_of(q);
  if ((bitcast<u32>(x) & 0x80000000u) != 0u) { a = 3.14159265358979324 - a; }
  return tf_signed(a, y);
}`,
  ],
  [
    'tf_sinh',
    `fn tf_sinh(x : f32) -> f32 {
  if (isnan(x) || tf_inf(x)) { return x; }
  let a = abs(x);
  let z = x * x;
  var y = ((2.03721912945e-4 * z + 8.33028376239e-3) * z + 1.66667160211e-1) * z * a + a;
  if (a >= 1.0) { let h = tf_exp(0.5 * a); y = 0.5 * h * h - 0.5 / (h * h); }
  return tf_signed(y, x);
}`,
  ],
  [
    'tf_cosh',
    `fn tf_cosh(x : f32) -> f32 {
  if (isnan(x) || tf_inf(x)) { return abs(x); }
  let h = tf_exp(0.5 * abs(x));
  return 0.5 * h * h + 0.5 / (h * h);
}`,
  ],
  [
    'tf_tanh',
    `fn tf_tanh(x : f32) -> f32 {
  if (isnan(x) || abs(x) < 4e-4) { return x; }
  let a = clamp(x, -7.905311, 7.905311);
  let s = a * a;
  let p = ((((((-2.76076847742355e-16 * s + 2.00018790482477e-13) * s - 8.60467152213735e-11) * s + 5.12229709037114e-8)
    * s + 1.48572235717979e-5) * s + 6.37261928875436e-4) * s + 4.89352455891786e-3);
  let q = ((1.19825839466702e-6 * s + 1.18534705686654e-4) * s + 2.268434632439e-3) * s + 4.89352518554385e-3;
  return a * p / q;
}`,
  ],
  [
    'tf_asinh',
    `fn tf_asinh(x : f32) -> f32 {
  if (isnan(x) || tf_inf(x)) { return x; }
  let a = abs(x);
  if (a > 1e9) { return tf_signed(tf_log(a) + 0.693147180559945309, x); }
  return tf_signed(tf_log1p(a + a * a / (1.0 + sqrt(a * a + 1.0))), x);
}`,
  ],
  [
    'tf_acosh',
    `fn tf_acosh(x : f32) -> f32 {
  if (isnan(x) || x < 1.0) { return uniforms.NAN; }
  if (x > 1e9) { return tf_log(x) + 0.693147180559945309; }
  let t = x - 1.0;
  return tf_log1p(t + sqrt(t * (t + 2.0)));
}`,
  ],
  [
    'tf_atanh',
    `fn tf_atanh(x : f32) -> f32 {
  let a = abs(x);
  if (isnan(x) || a > 1.0) { return uniforms.NAN; }
  if (a == 1.0) { return tf_signed(uniforms.INFINITY, x); }
  return tf_signed(0.5 * tf_log1p(2.0 * a / (1.0 - a)), x);
}`,
  ],
  [
    'tf_erf',
    `fn tf_erf(x : f32) -> f32 {
  if (isnan(x)) { return x; }
  let a = clamp(x, -4.0, 4.0);
  let s = a * a;
  var p = ((-2.72614225801306e-10 * s + 2.77068142495902e-8) * s - 2.10102402082508e-6) * s - 5.69250639462346e-5;
  p = ((p * s - 7.34990630326855e-4) * s - 2.95459980854025e-3) * s - 1.60960333262415e-2;
  var q = ((-1.45660718464996e-5 * s - 2.13374055278905e-4) * s - 1.68282697438203e-3) * s - 7.37332916720468e-3;
  q = q * s - 1.42647390514189e-2;
  return tf_signed(abs(a * p / q), x);
}`,
  ],
  [
    'tf_softplus',
    'fn tf_softplus(x : f32) -> f32 { if (isnan(x)) { return x; } return select(0.0, x, x > 0.0) + tf_log1p(tf_exp(-abs(x))); }',
  ],
  ['tf_relu', 'fn tf_relu(x : f32) -> f32 { return select(0.0, x, isnan(x) || x > 0.0); }'],
  ['tf_relu6', 'fn tf_relu6(x : f32) -> f32 { let y = tf_relu(x); return select(y, 6.0, !isnan(y) && y > 6.0); }'],
  ['tf_elu', 'fn tf_elu(x : f32) -> f32 { if (x > 0.0 && !isnan(x)) { return x; } return tf_expm1(x); }'],
  [
    'tf_selu',
    `fn tf_selu(x : f32) -> f32 {
  if (x > 0.0 && !isnan(x)) { return 1.0507009873554804934193349852946 * x; }
  return 1.7580993408473768599402175208123 * tf_expm1(x);
}`,
  ],
  [
    'tf_sigmoid',
    `fn tf_sigmoid(x : f32) -> f32 {
  if (isnan(x)) { return x; }
  let z = tf_exp(-abs(x));
  return select(1.0, z, x < 0.0) / (1.0 + z);
}`,
  ],
  // By way of logarithms to base 2 of the mantissa alone, so that a large exponent takes no digits from it.
  [
    'tf_pow',
    `fn tf_pow(x : f32, y : f32) -> f32 {
  let ax = bitcast<u32>(x) & 0x7fffffffu;
  let ay = bitcast<u32>(y) & 0x7fffffffu;
  if (ay == 0u || bitcast<u32>(x) == 0x3f800000u) { return 1.0; }
  if (ax > 0x7f800000u || ay > 0x7f800000u) { return uniforms.NAN; }
  let a = abs(x);
  let inf = uniforms.INFINITY;
  if (ay == 0x7f800000u) {
    if (a == 1.0) { return 1.0; }
    return select(0.0, inf, (a > 1.0) == (y > 0.0));
  }
  let whole = abs(y) >= 8388608.0 || floor(y) == y;
  let odd = whole && abs(y) < 16777216.0 && (i32(abs(y)) & 1) == 1;
  let sign = select(1.0, -1.0, odd && (bitcast<u32>(x) & 0x80000000u) != 0u);
  if (ax < 0x00800000u) { return sign * select(inf, 0.0, y > 0.0); }
  if (ax == 0x7f800000u) { return sign * select(0.0, inf, y > 0.0); }
  if (x < 0.0 && !whole) { return uniforms.NAN; }
  var e = i32(ax >> 23u) - 126;
  var m = bitcast<f32>((ax & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781186547524) { m = m + m; e = e - 1; }
  let l = tf_log_parts(m - 1.0, 0.0) * 1.44269504088896341;
  let t = y * f32(e);
  if (abs(t) > 1e6) { return sign * select(0.0, inf, t > 0.0); }
  let n = floor(t + y * l + 0.5);
  let r = (t - n) + y * l;
  if (n > 128.0) { return sign * inf; }
  if (n < -150.0) { return sign * 0.0; }
  let half_n = floor(n * 0.5);
  return sign * exp2(r) * exp2(half_n) * exp2(n - half_n);
}`,
  ],
]);

/** The functions that the text calls, those first that they call themselves. */
export function wgslFunctionsFor(text: string): string {
  const found: string[] = [];
  let all = text;
  for (const [name, code] of [...FUNCTIONS].reverse()) {
    if (!all.includes(`${name}(`)) continue;
    found.unshift(code);
    all += code;
  }
  return found.join('\n');
}
