import type { Profile } from './profile.ts'

const node = (id: number, functionName: string, url: string, ...children: number[]) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
  children,
})

/** A read that calls a decoder twice from different places, one library below; 40 % idle, 100 µs a sample. */
export const profile = (): Profile => ({
  nodes: [
    node(1, '(root)', '', 2, 3, 4, 8),
    node(2, '(idle)', ''),
    node(3, '(garbage collector)', ''),
    node(4, 'read', 'node:net', 5, 6),
    node(5, 'decode', 'file:///x/decoder.ts', 7),
    node(6, 'decode', 'file:///x/decoder.ts'),
    node(7, 'parse', 'file:///x/node_modules/ioredis/parse.js', 9),
    node(8, 'decode', 'file:///x/decoder.ts'),
    node(9, 'decode', 'file:///x/decoder.ts'),
  ],
  // what comes after the last one is not known
  samples: [2, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9],
  timeDeltas: [0, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100],
})
