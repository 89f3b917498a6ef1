# Builds the web panel into training_manager_ros/panel/static, from where either way in installs it.
# Left alone when its sources have not changed. TRAINING_MANAGER_PANEL=OFF builds a package without it.

option(TRAINING_MANAGER_PANEL "Build the web panel (needs npm's packages, once)" ON)
if(TRAINING_MANAGER_PANEL)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/tools/build_panel.py
      --work ${CMAKE_CURRENT_BINARY_DIR}/panel
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The panel could not be built; see above. -DTRAINING_MANAGER_PANEL=OFF builds without it.")
  endif()
endif()
