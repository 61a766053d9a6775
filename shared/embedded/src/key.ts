/** A key of names, each ended by a zero byte, and numbers of four bytes, big-endian, so that it sorts part by part. Names hold no zero byte. */
export function compositeKey(...parts: readonly (string | number)[]): Buffer {
  return Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(`${part}\0`) : numberKey(part))))
}

function numberKey(number: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32BE(number)
  return key
}
