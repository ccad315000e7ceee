//! Brings change events to receivers outside: a RabbitMQ exchange and the Pusher Channels service.
