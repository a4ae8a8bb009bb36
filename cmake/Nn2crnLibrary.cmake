# nn2crn_add_library(IR SOURCES a.cpp ... DEPS Support ... [LINK target ...])
#
# Makes the static library nn2crn_IR with the alias nn2crn::IR. DEPS are other
# folders of lib/; LINK are third-party targets, which stay private.
function(nn2crn_add_library Name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK" ${ARGN})
  add_library(nn2crn_${Name} STATIC ${ARG_SOURCES})
  add_library(nn2crn::${Name} ALIAS nn2crn_${Name})
  set_target_properties(nn2crn_${Name} PROPERTIES EXPORT_NAME ${Name})
  target_include_directories(nn2crn_${Name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(nn2crn_${Name} PUBLIC cxx_std_20)
  foreach(Dep IN LISTS ARG_DEPS)
    target_link_libraries(nn2crn_${Name} PUBLIC nn2crn::${Dep})
  endforeach()
  target_link_libraries(nn2crn_${Name} PRIVATE $<BUILD_INTERFACE:nn2crn_flags> ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY NN2CRN_LIBRARIES nn2crn_${Name})
endfunction()

# nn2crn_add_tool(nn2crn DEPS Driver)
function(nn2crn_add_tool Name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${Name} ${Name}.cpp)
  foreach(Dep IN LISTS ARG_DEPS)
    target_link_libraries(${Name} PRIVATE nn2crn::${Dep})
  endforeach()
  target_link_libraries(${Name} PRIVATE nn2crn_flags nn2crn_llvm)
  add_dependencies(tools ${Name})
  install(TARGETS ${Name} EXPORT nn2crnTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
