square_kernel::id!(
    /// One run of one process. A process that is started anew is another instance.
    InstanceId
);
