/** The queue of requests; durable. */
export const REQUESTS = 'requests'
/** RabbitMQ's pseudo-queue: answers go straight to the channel that asked, without a queue of their own. */
export const REPLY_TO = 'amq.rabbitmq.reply-to'
