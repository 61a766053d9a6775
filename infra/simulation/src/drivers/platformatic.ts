// The second Kafka client is chosen by a setting that no run makes.
export function platformaticSender(): never {
  throw new Error('@platformatic/kafka is not simulated')
}
