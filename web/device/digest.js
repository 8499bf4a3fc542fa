/** SHA-256 of files, also on pages that the browser does not call secure and gives no `crypto.subtle`. */

const BLOCK = 1 << 24; // bytes that are read at a time where they are hashed here

/**
 * @param {Blob} file
 * @returns {Promise<string>} its SHA-256 in hexadecimal digits
 */
export async function sha256(file) {
  // It takes a file as a whole.
  const { subtle } = globalThis.crypto ?? {};
  if (subtle) return hex(new Uint8Array(await subtle.digest("SHA-256", await file.arrayBuffer())));
  const hash = new Sha256();
  for (let begin = 0; begin < file.size; begin += BLOCK)
    hash.update(new Uint8Array(await file.slice(begin, begin + BLOCK).arrayBuffer()));
  return hex(hash.digest());
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first 32 bits of the fractional part of a root of a prime. @param {number} root */
const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32);
const PRIMES = Array.from({ length: 310 }, (_, n) => n + 2).filter((n) => {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return false;
  return true;
}); // 64 of them
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const BEGIN = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** FIPS 180-4, 6.2, a piece at a time. */
export class Sha256 {
  #state = Int32Array.from(BEGIN);
  #words = new Int32Array(64);
  /** What does not fill a block of 64 bytes yet. */
  #rest = new Uint8Array(64);
  #length = 0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    let at = 0;
    const held = this.#length % 64;
    this.#length += bytes.length;
    if (held) {
      at = Math.min(64 - held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), held);
      if (held + at < 64) return;
      this.#mix(this.#rest, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.#mix(bytes, at);
    this.#rest.set(bytes.subarray(at));
  }

  /** @returns {Uint8Array} of all that was given; ends it */
  digest() {
    // A one, zeros, and the length in bits as 64 of them, up to a whole block.
    const padding = new DataView(new ArrayBuffer(1 + 8 + ((119 - (this.#length % 64)) % 64)));
    const bits = this.#length * 8;
    padding.setUint8(0, 0x80);
    padding.setUint32(padding.byteLength - 8, Math.floor(bits / 2 ** 32));
    padding.setUint32(padding.byteLength - 4, bits % 2 ** 32);
    this.update(new Uint8Array(padding.buffer));
    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => {
      digest.setInt32(4 * index, word);
    });
    return new Uint8Array(digest.buffer);
  }

  /** @param {Uint8Array} bytes @param {number} at where its block of 64 begins */
  #mix(bytes, at) {
    const words = this.#words;
    for (let t = 0; t < 16; t++, at += 4)
      words[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let t = 16; t < 64; t++) {
      const x = words[t - 15];
      const y = words[t - 2];
      const small = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const large = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      words[t] = (words[t - 16] + small + words[t - 7] + large) | 0;
    }
    // Taken apart by its iterator, it would cost more than the rounds.
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let t = 0; t < 64; t++) {
      const choice = (e & f) ^ (~e & g);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + ROUNDS[t] + words[t]) | 0;
      const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

/** @param {number} word of 32 bits @param {number} by bits to the right */
function turn(word, by) {
  return (word >>> by) | (word << (32 - by));
}
