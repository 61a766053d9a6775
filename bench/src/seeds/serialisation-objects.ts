import { SAMPLE } from '../peers/codec.ts'

/** An order as a shop keeps it, some 1 KB as JSON: none of its values is one that Protobuf leaves out. */
const ORDER = {
  id: 4_711,
  customer: 'c-20931',
  email: 'ada.lovelace@example.com',
  placedAt: 1_767_323_045_123,
  currency: 'EUR',
  amount: 412.35,
  paid: true,
  note: 'leave it at the door, please, and ring twice',
  address: { street: '12 Analytical Lane', city: 'Marylebone', zip: 'W1U 6TY', country: 'GB' },
  lines: [
    { sku: 'AX-1001', name: 'brass gear, small', count: 2, price: 19.99 },
    { sku: 'BQ-2417', name: 'punched cards, box of 1,000', count: 1, price: 89.97 },
    { sku: 'CC-0042', name: 'lamp oil, one litre', count: 3, price: 12.5 },
    { sku: 'DT-3310', name: 'difference table, bound', count: 1, price: 149 },
    { sku: 'EL-0815', name: 'copper wire, 20 m', count: 4, price: 8.25 },
    { sku: 'FN-7777', name: 'ink, black', count: 6, price: 3.1 },
    { sku: 'GH-1815', name: 'wooden crank handle', count: 1, price: 41.8 },
    { sku: 'HK-1852', name: 'mill, spare part', count: 2, price: 7.49 },
    { sku: 'IM-1837', name: 'barrel of studs', count: 1, price: 64.2 },
    { sku: 'JO-1842', name: 'translator’s notes', count: 9, price: 2.75 },
  ],
  tags: ['gift', 'express', 'insured'],
}

/** What each codec is measured with. */
export const OBJECTS = { sample: SAMPLE, order: ORDER } as const
export type ObjectName = keyof typeof OBJECTS
export const OBJECT_NAMES = Object.keys(OBJECTS) as ObjectName[]

/** Bytes as JSON. */
export const sizeOf = (name: ObjectName): number => Buffer.byteLength(JSON.stringify(OBJECTS[name]))
