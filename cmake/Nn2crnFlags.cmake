# Flags that every target of the project is built with, in one interface target.
add_library(nn2crn_flags INTERFACE)
target_compile_options(nn2crn_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${NN2CRN_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # GCC spells the useful half of -Wshadow "local"; Clang has no such form.
  set_property(TARGET nn2crn_flags PROPERTY INTERFACE_COMPILE_OPTIONS
    -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual
    $<$<BOOL:${NN2CRN_WERROR}>:-Werror>)
  # The stable_sort of GCC 12's library uses what C++17 deprecates.
  target_compile_options(nn2crn_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 sees overlapping copies in "literal" + std::string (its bug 105651).
  target_compile_options(nn2crn_flags INTERFACE -Wno-restrict)
endif()
if(NN2CRN_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC takes the sanitizer's hook in LLVM's JSON values for a use of them.
    target_compile_options(nn2crn_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_compile_options(nn2crn_flags INTERFACE
    -fsanitize=${NN2CRN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(nn2crn_flags INTERFACE -fsanitize=${NN2CRN_SANITIZE})
endif()
if(NN2CRN_COVERAGE)
  target_compile_options(nn2crn_flags INTERFACE --coverage -fno-inline)
  target_link_options(nn2crn_flags INTERFACE --coverage)
endif()
find_program(NN2CRN_MOLD mold)
if(NN2CRN_MOLD)
  target_link_options(nn2crn_flags INTERFACE -fuse-ld=mold)
endif()
