/** The instructions that generated kernels use, by the names and numbers of the WebAssembly specification. */

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof F32 | typeof V128;

/** Instructions of one byte without operands of their own. */
export const PLAIN = {
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.shl': 0x74,
  'i32.div_u': 0x6e,
  'i32.shr_u': 0x76,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.div': 0x95,
} as const;

/** Instructions on vectors, behind the prefix 0xfd. */
export const SIMD = {
  'i8x16.splat': 0x0f,
  'i32x4.splat': 0x11,
  'f32x4.splat': 0x13,
  'i32x4.eq': 0x37,
  'i32x4.ne': 0x38,
  'i32x4.lt_s': 0x39,
  'i32x4.gt_s': 0x3b,
  'i32x4.le_s': 0x3d,
  'i32x4.ge_s': 0x3f,
  'f32x4.eq': 0x41,
  'f32x4.ne': 0x42,
  'f32x4.lt': 0x43,
  'f32x4.gt': 0x44,
  'f32x4.le': 0x45,
  'f32x4.ge': 0x46,
  'v128.not': 0x4d,
  'v128.and': 0x4e,
  'v128.andnot': 0x4f,
  'v128.or': 0x50,
  'v128.xor': 0x51,
  'v128.bitselect': 0x52,
  'i8x16.narrow_i16x8_u': 0x66,
  'f32x4.ceil': 0x67,
  'f32x4.floor': 0x68,
  'f32x4.trunc': 0x69,
  'f32x4.nearest': 0x6a,
  'i16x8.narrow_i32x4_u': 0x86,
  'i16x8.extend_low_i8x16_u': 0x89,
  'i32x4.abs': 0xa0,
  'i32x4.neg': 0xa1,
  'i32x4.extend_low_i16x8_u': 0xa9,
  'i32x4.shl': 0xab,
  'i32x4.shr_s': 0xac,
  'i32x4.shr_u': 0xad,
  'i32x4.add': 0xae,
  'i32x4.sub': 0xb1,
  'i32x4.mul': 0xb5,
  'i64x2.extmul_low_i32x4_u': 0xde,
  'i64x2.extmul_high_i32x4_u': 0xdf,
  'i32x4.min_s': 0xb6,
  'i32x4.max_s': 0xb8,
  'f32x4.abs': 0xe0,
  'f32x4.neg': 0xe1,
  'f32x4.sqrt': 0xe3,
  'f32x4.add': 0xe4,
  'f32x4.sub': 0xe5,
  'f32x4.mul': 0xe6,
  'f32x4.div': 0xe7,
  'f32x4.min': 0xe8,
  'f32x4.max': 0xe9,
  'f32x4.pmin': 0xea,
  'f32x4.pmax': 0xeb,
  'i32x4.trunc_sat_f32x4_s': 0xf8,
  'f32x4.convert_i32x4_s': 0xfa,
  // Of the proposal for relaxed SIMD, which is part of version 3: not every engine has it.
  'f32x4.relaxed_madd': 0x105,
} as const;

/** Loads and stores: their number, whether it is behind the prefix, and the alignment they claim as a power of two. */
export const MEMORY = {
  'i32.load': { code: 0x28, simd: false, align: 2 },
  'f32.load': { code: 0x2a, simd: false, align: 2 },
  'i32.load8_u': { code: 0x2d, simd: false, align: 0 },
  'i32.store': { code: 0x36, simd: false, align: 2 },
  'f32.store': { code: 0x38, simd: false, align: 2 },
  'i32.store8': { code: 0x3a, simd: false, align: 0 },
  // Buffers are aligned to 8 bytes, rows in them to 4.
  'v128.load': { code: 0x00, simd: true, align: 2 },
  'v128.load8_splat': { code: 0x07, simd: true, align: 0 },
  'v128.load32_splat': { code: 0x09, simd: true, align: 2 },
  'v128.store': { code: 0x0b, simd: true, align: 2 },
  'v128.load32_zero': { code: 0x5c, simd: true, align: 0 },
  'v128.load64_zero': { code: 0x5d, simd: true, align: 2 },
} as const;

/** Loads and stores of one lane of a vector. */
export const LANE_MEMORY = {
  'v128.load8_lane': { code: 0x54, align: 0 },
  'v128.load32_lane': { code: 0x56, align: 2 },
  'v128.store8_lane': { code: 0x58, align: 0 },
  'v128.store32_lane': { code: 0x5a, align: 0 },
  'v128.store64_lane': { code: 0x5b, align: 2 },
} as const;

/** Instructions that take the number of a lane. */
export const LANES = { 'i32x4.extract_lane': 0x1b, 'f32x4.extract_lane': 0x1f } as const;

export type Plain = keyof typeof PLAIN | keyof typeof SIMD;
export type Memory = keyof typeof MEMORY;
export type LaneMemory = keyof typeof LANE_MEMORY;
export type Lane = keyof typeof LANES;
