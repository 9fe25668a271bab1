/// SHA-256 (FIPS 180-4), incremental.
///
/// The message schedule is a ring of sixteen local variables. Instead of moving the eight working variables each round,
/// the code rotates their roles, so sixteen rounds need no moves. SHA instructions are not available to portable Swift.
public struct SHA256: Sendable {
  private var h0: UInt32 = 0x6a09_e667
  private var h1: UInt32 = 0xbb67_ae85
  private var h2: UInt32 = 0x3c6e_f372
  private var h3: UInt32 = 0xa54f_f53a
  private var h4: UInt32 = 0x510e_527f
  private var h5: UInt32 = 0x9b05_688c
  private var h6: UInt32 = 0x1f83_d9ab
  private var h7: UInt32 = 0x5be0_cd19
  /// Bytes of an unfinished block; 64 of them.
  private var pending = [UInt8](repeating: 0, count: 64)
  private var pendingCount = 0
  private var total: UInt64 = 0

  public init() {}

  /// The digest of `bytes` in one call.
  public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    var hash = SHA256()
    unsafe hash.update(bytes)
    return hash.finalize()
  }

  /// The digest of `bytes` in one call.
  public static func digest(of bytes: [UInt8]) -> Digest {
    unsafe bytes.withUnsafeBytes { buffer in unsafe digest(of: buffer) }
  }

  /// Appends `bytes` to the message.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    total &+= UInt64(bytes.count)
    var position = 0
    if pendingCount > 0 {
      let taken = min(64 - pendingCount, bytes.count)
      for i in 0..<taken { pending[pendingCount + i] = unsafe bytes[i] }
      pendingCount += taken
      position = taken
      guard pendingCount == 64 else { return }
      flushPending()
    }
    let blocks = (bytes.count - position) / 64
    if blocks > 0 {
      unsafe compress(base + position, blocks: blocks)
      position += blocks * 64
    }
    while position < bytes.count {
      pending[pendingCount] = unsafe bytes[position]
      pendingCount += 1
      position += 1
    }
  }

  /// Appends `count` zero bytes to the message.
  public mutating func updateZeros(_ count: Int) {
    let zeros = [UInt8](repeating: 0, count: min(count, 4096))
    var left = count
    while left > 0 {
      let size = min(left, zeros.count)
      unsafe zeros.withUnsafeBytes { buffer in
        unsafe update(UnsafeRawBufferPointer(rebasing: buffer[..<size]))
      }
      left -= size
    }
  }

  /// The digest of everything appended.
  public consuming func finalize() -> Digest {
    let bits = total &* 8
    pending[pendingCount] = 0x80
    pendingCount += 1
    if pendingCount > 56 {
      while pendingCount < 64 {
        pending[pendingCount] = 0
        pendingCount += 1
      }
      flushPending()
    }
    while pendingCount < 56 {
      pending[pendingCount] = 0
      pendingCount += 1
    }
    for i in 0..<8 { pending[56 + i] = UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * i)) }
    flushPending()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for word in [h0, h1, h2, h3, h4, h5, h6, h7] {
      for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return Digest(bytes: bytes)
  }

  private mutating func flushPending() {
    let block = pending
    unsafe block.withUnsafeBytes { buffer in
      if let base = buffer.baseAddress { unsafe compress(base, blocks: 1) }
    }
    pendingCount = 0
  }

  /// Safe: `base` points to blocks × 64 readable bytes, as both callers ensure; the constants are indexed below 64.
  private mutating func compress(_ base: UnsafeRawPointer, blocks: Int) {
    unsafe SHA256.constants.withUnsafeBufferPointer { table in
      guard let k = table.baseAddress else { return }
      for block in 0..<blocks { unsafe compressBlock(base + block &* 64, k) }
    }
  }

  @inline(__always)
  private mutating func compressBlock(_ block: UnsafeRawPointer, _ k: UnsafePointer<UInt32>) {
    var w0 = unsafe SHA256.word(block, 0)
    var w1 = unsafe SHA256.word(block, 1)
    var w2 = unsafe SHA256.word(block, 2)
    var w3 = unsafe SHA256.word(block, 3)
    var w4 = unsafe SHA256.word(block, 4)
    var w5 = unsafe SHA256.word(block, 5)
    var w6 = unsafe SHA256.word(block, 6)
    var w7 = unsafe SHA256.word(block, 7)
    var w8 = unsafe SHA256.word(block, 8)
    var w9 = unsafe SHA256.word(block, 9)
    var w10 = unsafe SHA256.word(block, 10)
    var w11 = unsafe SHA256.word(block, 11)
    var w12 = unsafe SHA256.word(block, 12)
    var w13 = unsafe SHA256.word(block, 13)
    var w14 = unsafe SHA256.word(block, 14)
    var w15 = unsafe SHA256.word(block, 15)
    var (a, b, c, d, e, f, g, h) = (h0, h1, h2, h3, h4, h5, h6, h7)
    var t = 0
    while true {
      unsafe SHA256.round(a, b, c, &d, e, f, g, &h, k[t] &+ w0)
      unsafe SHA256.round(h, a, b, &c, d, e, f, &g, k[t &+ 1] &+ w1)
      unsafe SHA256.round(g, h, a, &b, c, d, e, &f, k[t &+ 2] &+ w2)
      unsafe SHA256.round(f, g, h, &a, b, c, d, &e, k[t &+ 3] &+ w3)
      unsafe SHA256.round(e, f, g, &h, a, b, c, &d, k[t &+ 4] &+ w4)
      unsafe SHA256.round(d, e, f, &g, h, a, b, &c, k[t &+ 5] &+ w5)
      unsafe SHA256.round(c, d, e, &f, g, h, a, &b, k[t &+ 6] &+ w6)
      unsafe SHA256.round(b, c, d, &e, f, g, h, &a, k[t &+ 7] &+ w7)
      unsafe SHA256.round(a, b, c, &d, e, f, g, &h, k[t &+ 8] &+ w8)
      unsafe SHA256.round(h, a, b, &c, d, e, f, &g, k[t &+ 9] &+ w9)
      unsafe SHA256.round(g, h, a, &b, c, d, e, &f, k[t &+ 10] &+ w10)
      unsafe SHA256.round(f, g, h, &a, b, c, d, &e, k[t &+ 11] &+ w11)
      unsafe SHA256.round(e, f, g, &h, a, b, c, &d, k[t &+ 12] &+ w12)
      unsafe SHA256.round(d, e, f, &g, h, a, b, &c, k[t &+ 13] &+ w13)
      unsafe SHA256.round(c, d, e, &f, g, h, a, &b, k[t &+ 14] &+ w14)
      unsafe SHA256.round(b, c, d, &e, f, g, h, &a, k[t &+ 15] &+ w15)
      t &+= 16
      if t == 64 { break }
      w0 = SHA256.expand(w0, w1, w9, w14)
      w1 = SHA256.expand(w1, w2, w10, w15)
      w2 = SHA256.expand(w2, w3, w11, w0)
      w3 = SHA256.expand(w3, w4, w12, w1)
      w4 = SHA256.expand(w4, w5, w13, w2)
      w5 = SHA256.expand(w5, w6, w14, w3)
      w6 = SHA256.expand(w6, w7, w15, w4)
      w7 = SHA256.expand(w7, w8, w0, w5)
      w8 = SHA256.expand(w8, w9, w1, w6)
      w9 = SHA256.expand(w9, w10, w2, w7)
      w10 = SHA256.expand(w10, w11, w3, w8)
      w11 = SHA256.expand(w11, w12, w4, w9)
      w12 = SHA256.expand(w12, w13, w5, w10)
      w13 = SHA256.expand(w13, w14, w6, w11)
      w14 = SHA256.expand(w14, w15, w7, w12)
      w15 = SHA256.expand(w15, w0, w8, w13)
    }
    (h0, h1, h2, h3) = (h0 &+ a, h1 &+ b, h2 &+ c, h3 &+ d)
    (h4, h5, h6, h7) = (h4 &+ e, h5 &+ f, h6 &+ g, h7 &+ h)
  }

  @inline(__always)
  private static func word(_ block: UnsafeRawPointer, _ number: Int) -> UInt32 {
    unsafe UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 &* number, as: UInt32.self))
  }

  /// The word of sixteen rounds later, from those of this round and of one, nine and fourteen later.
  @inline(__always)
  private static func expand(_ w: UInt32, _ early: UInt32, _ mid: UInt32, _ late: UInt32) -> UInt32 {
    let s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early &>> 3)
    let s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late &>> 10)
    return w &+ s0 &+ mid &+ s1
  }

  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
    _ h: inout UInt32, _ kw: UInt32
  ) {
    let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    let choice = g ^ (e & (f ^ g))
    let t1 = h &+ kw &+ choice &+ s1
    let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    // (a ^ b) is the next round's (b ^ c).
    let majority = b ^ ((a ^ b) & (b ^ c))
    d = d &+ t1
    h = t1 &+ s0 &+ majority
  }

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}

@inline(__always)
private func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { (x &>> n) | (x &<< (32 &- n)) }
