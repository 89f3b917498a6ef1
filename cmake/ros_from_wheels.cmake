# ROS 2 from PyPI's wheels instead of a distribution: make ament find it, and mend what the wheels carry.

# Tells ament the wheels' prefix (in pip's isolated build an overlay), as a sourced setup.bash does on a
# robot.
macro(use_ros_from_wheels)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -c
      "import pathlib, rosidl_cmake; print(pathlib.Path(rosidl_cmake.__file__).resolve().parents[4].as_posix())"
    OUTPUT_VARIABLE ROS_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The ROS wheels are not in the build environment; build with `pip install .`.")
  endif()
  list(PREPEND CMAKE_PREFIX_PATH ${ROS_PREFIX})
  set(ENV{AMENT_PREFIX_PATH} ${ROS_PREFIX})
endmacro()

# The wheels' exported targets name include directories of the machine that built them; CMake refuses
# to generate with a directory that does not exist. On a robot there are none of these.
function(drop_missing_include_directories)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT directories)
      continue()
    endif()
    set(kept "")
    foreach(directory IN LISTS directories)
      if(NOT IS_ABSOLUTE "${directory}" OR EXISTS "${directory}")
        list(APPEND kept "${directory}")
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${kept}")
  endforeach()
endfunction()

# No C++ program is built against the wheels, and generating the interfaces for C++ takes as long again.
macro(generate_for_python_only)
  list(FILTER AMENT_EXTENSIONS_rosidl_generate_idl_interfaces EXCLUDE REGEX "_cpp:")
endmacro()
