"""The ROS edge: services, topics and parameters of `/training_manager`, a few lines a handler."""
