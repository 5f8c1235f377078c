# SPDX-License-Identifier: MIT
"""Commands for gdb-multiarch on build/vmlinux: ps, vm PID, handles PID, locks, bt PID. `make gdb` loads them; `help ashlar` lists them.

They read structures as DWARF describes them, never by offset. The guest must be stopped (Ctrl-C): nothing here takes a lock.
"""
import gdb

STATES = 'RSTtZX'		# enum task_state
RUNNING = 0


def var(source, name):
    return gdb.parse_and_eval(f"'{source}'::{name}")


def cast(value, kind):
    return value.cast(gdb.lookup_type(kind).pointer())


def member(pointer, kind, field):
    """The struct around a list or tree node."""
    offset = next(f.bitpos // 8 for f in gdb.lookup_type(kind).fields() if f.name == field)
    return cast(gdb.Value(int(pointer) - offset), kind)


def xarray(xa):
    """Every entry of a struct xarray, by index."""
    def walk(node):
        for n in range(64):
            slot = int(node['slot'][n])
            if not slot:
                continue
            if int(node['shift']):
                yield from walk(cast(node['slot'][n], 'struct xa_node').dereference())
            else:
                yield slot
    if int(xa['root']):
        yield from walk(xa['root'].dereference())


def tasks():
    for entry in xarray(var('kernel/pid.c', 'table')):
        task = cast(gdb.Value(entry), 'struct pid')['task']
        if int(task):
            yield task


def the_task(arg):
    for task in tasks():
        if int(task['tid']) == int(arg, 0):
            return task
    raise gdb.GdbError(f'no thread {arg}: ps lists them')


def symbol(address):
    text = gdb.execute(f'info symbol {address:#x}', to_string=True)
    return text.split(' in section')[0] if ' in section' in text else '?'


class Command(gdb.Command):
    def __init__(self):
        super().__init__(type(self).__name__, gdb.COMMAND_STATUS)


class ashlar(gdb.Command):
    """What Ashlar's kernel is doing: ps, vm PID, handles PID, locks, bt PID."""

    def __init__(self):
        super().__init__('ashlar', gdb.COMMAND_STATUS, prefix=True)


class ps(Command):
    """ps: every thread, where it sleeps."""

    def invoke(self, arg, tty):
        print('  TID   PID CPU S NAME             struct task         in')
        for t in tasks():
            proc = t['proc']
            pid = int(proc['pid']['nr']) if int(proc) else 0
            state, on_cpu = int(t['state']), bool(t['on_cpu'])
            where = 'on the CPU' if on_cpu else symbol(sleeps_in(t))
            name = t['comm'].string(errors='replace')
            print(f"{int(t['tid']):5} {pid:5} {int(t['head']['cpu']):3} {STATES[state]} {name:16} {int(t):#x}  {where}")


def frames(task):
    """Return addresses of a thread that is switched out: frame records on its own stack."""
    head = task['head']
    low, fp, pc = int(head['stack']), int(head['ctx']['fp']), int(head['ctx']['pc'])
    high = low + 0x10000
    word = gdb.lookup_type('unsigned long').pointer()
    for _ in range(48):
        yield pc
        if not low <= fp < high - 15 or fp & 7:
            return
        record = gdb.Value(fp).cast(word)
        following, pc = int(record[0]), int(record[1])
        if not pc or following and following <= fp:
            return
        fp = following


SCHEDULER = ('do_schedule', 'schedule', 'switch', 'sched_', 'waitq_', 'mutex_', 'rw_', 'sleep')


def sleeps_in(task):
    """The first caller outside the scheduler."""
    pc = 0
    for pc in frames(task):
        if not symbol(pc - 4).startswith(SCHEDULER):
            return pc
    return pc


class bt(Command):
    """bt PID: the kernel stack of any thread; without a number the usual backtrace."""

    def invoke(self, arg, tty):
        if not arg.isdigit():
            gdb.execute(f'backtrace {arg}')
            return
        task = the_task(arg)
        if bool(task['on_cpu']):
            cpu = int(task['head']['cpu'])
            print(f'on CPU {cpu} now:')
            here = gdb.selected_thread().num
            gdb.execute(f'thread {cpu + 1}', to_string=True)
            gdb.execute('backtrace')
            gdb.execute(f'thread {here}', to_string=True)
            return
        for n, pc in enumerate(frames(task)):
            line = gdb.find_pc_line(pc - 4)
            place = f'{line.symtab.filename}:{line.line}' if line.symtab else ''
            print(f'#{n:<3}{pc:#x} {symbol(pc - 4)}  {place}')


class vm(Command):
    """vm PID: the address space."""

    def invoke(self, arg, tty):
        space = the_task(arg)['as']
        if not int(space):
            raise gdb.GdbError('a kernel thread: no address space')
        print(f"struct aspace {int(space):#x}, {int(space['nr_vmas'])} areas, {int(space['total_bytes']) >> 10} KiB")

        def walk(node):
            if not int(node):
                return
            walk(node['left'])
            v = member(node, 'struct vma', 'node')
            flags = int(v['flags'])
            mode = ''.join(c if flags & 1 << n else '-' for n, c in enumerate('rwx')) + ('s' if flags & 8 else 'p')
            name = v['name'].string() if int(v['name']) else '[heap]' if flags & 0x20000 else '[stack]' if flags & 0x40000 else file_name(v['file'])
            print(f"{int(v['start']):012x}-{int(v['end']):012x} {mode} {int(v['pgoff']):#8x} {name}")
            walk(node['right'])
        walk(space['vmas']['root'])


def file_name(file):
    if not int(file):
        return ''
    if int(file['dentry']):
        return path_of(file['dentry'])
    name = file['obj']['ops']['name']
    return name.string() if int(name) else symbol(int(file['obj']['ops']))


def path_of(dentry):
    parts = []
    while int(dentry) and int(dentry['parent']) and int(dentry['parent']) != int(dentry) and len(parts) < 64:
        parts.append(dentry_name(dentry))
        dentry = dentry['parent']
    return '/' + '/'.join(reversed(parts))


def dentry_name(dentry):
    name = dentry['name']
    length = next((int(dentry[f]) for f in ('name_len', 'len') if f in {x.name for x in dentry.dereference().type.fields()}), -1)
    return name.string(errors='replace', length=length) if name.type.code == gdb.TYPE_CODE_PTR else name.string(errors='replace')


class handles(Command):
    """handles PID: the handle table: number, rights, the object behind it."""

    def invoke(self, arg, tty):
        table = the_task(arg)['handles']
        if not int(table):
            raise gdb.GdbError('no handle table')
        directory = table['dir']
        print('   FD word               struct file         type and name')
        for n in range(int(directory['nr'])):
            chunk = directory['chunk'][n]
            if not int(chunk):
                continue
            for i in range(64):
                slot = chunk['slot'][i]
                file = slot['file']
                if int(chunk['used']) >> i & 1 and int(file):
                    flag = ' cloexec' if int(chunk['cloexec']) >> i & 1 else ''
                    print(f"{n * 64 + i:5} {int(slot['word']):#018x} {int(file):#x}  {symbol(int(file['obj']['ops']))} {file_name(file)}{flag}")


class locks(Command):
    """locks: the spinlocks each CPU holds (DEBUG_LOCKS), and threads that sleep for a mutex or rwlock."""

    def invoke(self, arg, tty):
        try:
            held, offsets = var('kernel/lock.c', 'held_spins'), gdb.parse_and_eval('percpu_offset')
        except gdb.error:
            print('spinlocks: not recorded; make CONFIG_DEBUG_LOCKS=y')
        else:
            ranks = {f.enumval: f.name for f in gdb.lookup_type('enum lock_rank').fields()}
            for cpu in range(len(gdb.selected_inferior().threads())):
                mine = cast(gdb.Value(int(held.address) + int(offsets[cpu]) & (1 << 64) - 1), 'struct held_locks')
                for i in range(int(mine['nr'])):
                    rank = int(mine['rank'][i])
                    print(f"CPU {cpu} holds {int(mine['lock'][i]):#x} {ranks.get(rank, rank)} {symbol(int(mine['lock'][i]))}")
        for t in tasks():
            if int(t['state']) == RUNNING or bool(t['on_cpu']):
                continue
            names = [symbol(pc - 4).split()[0] for pc in frames(t)][:6]
            waits = [n for n in names if n.startswith(('mutex_lock', 'rw_read', 'rw_write'))]
            if waits:
                print(f"{int(t['tid'])} {t['comm'].string()} sleeps in {waits[0]}, called by {names[names.index(waits[0]) + 1]}")


for command in ashlar, ps, bt, vm, handles, locks:
    command()
