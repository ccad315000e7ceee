//! Changes to a real RabbitMQ.
