# Installs the build tree BUILD into a prefix of its own, builds the project
# beside this file against it, and runs that on MODEL. FLAGS and CXX are those
# of the build: what is instrumented links only with the same flags.
set(Work ${BUILD}/test/consumer)
set(Prefix "${Work}/a prefix")
file(REMOVE_RECURSE ${Work})
function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE Output ERROR_VARIABLE Output RESULT_VARIABLE Code)
  if(NOT Code EQUAL 0)
    message(FATAL_ERROR "'${ARGN}' ended with ${Code}:\n${Output}")
  endif()
  set(Output "${Output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${Prefix})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${Work}/build -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${Prefix} -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=${FLAGS}")
run(${CMAKE_COMMAND} --build ${Work}/build)
# It must count what the installed tool counts.
run("${Prefix}/bin/nn2crn" ${MODEL} --emit=stats --stats=${Work}/stats.json)
file(READ ${Work}/stats.json Stats)
string(JSON Reactions GET "${Stats}" reactions)
run(${Work}/build/consumer ${MODEL})
if(NOT Output STREQUAL "${Reactions} reactions\n")
  message(FATAL_ERROR "expected '${Reactions} reactions', found '${Output}'")
endif()
# What was installed names the build tree nowhere, so that it may be deleted.
file(GLOB_RECURSE Installed "${Prefix}/lib*/cmake/*.cmake")
foreach(File IN LISTS Installed)
  file(READ ${File} Text)
  string(FIND "${Text}" "${BUILD}" At)
  if(NOT At EQUAL -1)
    message(FATAL_ERROR "${File} names the build tree")
  endif()
endforeach()
file(REMOVE_RECURSE ${Work})
