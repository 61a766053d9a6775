/** What an adapter under test can show: `true`, or the reason why it can't, which the skipped test then carries. */
export type Capability = true | string

/** Test options that skip by name and reason where the capability is missing. */
export const unless = (capability: Capability): { skip: false | string } => ({ skip: capability === true ? false : capability })
