/** A way to make bytes of an object. */
export interface Codec {
  encode(value: object): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** What each codec is measured with: an order as JSON has it in about 200 B. */
export const SAMPLE = {
  id: 4_711,
  customer: 'c-20931',
  amount: 129.95,
  paid: true,
  note: 'leave it at the door, please',
  lines: [
    { sku: 'AX-1001', count: 2, price: 19.99 },
    { sku: 'BQ-2417', count: 1, price: 89.97 },
  ],
  tags: ['gift', 'express'],
}
