/** What the bench asks of the probe in a process. */
export type Question =
  /** Samples the stack from now on, so often; answered when it does. */
  | { ask: 'profile'; intervalUs: number }
  /** Ends that, and is answered with the profile. */
  | { ask: 'profiled' }
  /** Looks at the methods that messages pass in these parts of the product; before any load, so that they are compiled as they are measured. */
  | { ask: 'watch'; parts: readonly ('gateway' | 'worker')[] }
  /** Keeps when messages pass, of each so manieth. */
  | { ask: 'record'; every: number }
  /** Ends that, and is answered with the sightings. */
  | { ask: 'recorded' }
