// node:timers/promises as the product gets it in a run: on the simulated globals.
const delay = <T>(ms?: number, value?: T): Promise<T | undefined> => new Promise(resolve => setTimeout(() => resolve(value), ms))
const turn = <T>(value?: T): Promise<T | undefined> => new Promise(resolve => setImmediate(() => resolve(value)))

export { delay as setTimeout, turn as setImmediate }
