// The second Kafka client is chosen by a setting that no run makes, and reads topics that no run follows.
export function platformaticSender(): never {
  throw new Error('@platformatic/kafka is not simulated')
}

export function followKafka(): never {
  throw new Error('@platformatic/kafka is not simulated')
}
