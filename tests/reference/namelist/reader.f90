! SPDX-License-Identifier: Apache-2.0
! Reads the group g of the file named as argument and prints what gfortran made of it, tab separated.
program reader
  implicit none
  integer :: i(6), unit, status, k
  double precision :: x
  logical :: l
  character(len=20) :: s
  character(len=1024) :: path
  character, parameter :: tab = achar(9)
  namelist /g/ i, x, l, s
  i = -1
  x = -1d0
  l = .false.
  s = '-'
  call get_command_argument(1, path)
  open(newunit=unit, file=trim(path), status='old', action='read')
  read(unit, nml=g, iostat=status)
  if (status /= 0) then
    print '(a)', 'refused'
  else
    print '(a,6(a,i0),a,es24.16e3,a,l1,a,a)', 'accepted', (tab, i(k), k = 1, 6), tab, x, tab, l, tab, trim(s)
  end if
end program reader
