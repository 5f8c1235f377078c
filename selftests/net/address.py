# SPDX-License-Identifier: MIT
"""Where the addresses come from: DHCP with renewal and release, a file, router advertisements."""
import re

from machine import check, eventually, test

DHCP_SCRIPT = '''
exec >/run/dhcp.out 2>&1
pid=$(pidof udhcpc)
show() { echo "$1 $(ip -4 -o addr show eth0 | sed -n "s/.*inet \\([^ ]*\\).*/\\1/p") $(ip route | grep -c "^default via 10.0.2.2")"; }
show begin
: >/run/udhcpc.events
kill -USR1 $pid; sleep 2; show renewed
kill -USR2 $pid; sleep 2; show released
kill -USR1 $pid; sleep 4; show again
echo done
'''
STATIC_SCRIPT = r'''
exec >/run/static.out 2>&1
mkdir -p /etc/network
printf '%s\n' address=10.0.2.77/24 gateway=10.0.2.2 'dns="10.0.2.3 10.0.2.4"' address6=2001:db8:7::77/64 gateway6=fe80::2 >/etc/network/eth0
cp /etc/resolv.conf /run/resolv.before
sv restart /etc/service/dhcp
sleep 2
ip addr show eth0
ip route
ip -6 route
cat /etc/resolv.conf
ping -c 1 -W 5 10.0.2.2
echo "ping $?"
pidof udhcpc && echo udhcpc runs
rm /etc/network/eth0
sv restart /etc/service/dhcp
sleep 4
echo after
ip addr show eth0
echo done
'''


def detached(m, name, script):
    """Run where the connection to us may break; what it printed."""
    m.sh(f'rm -f /run/{name}.out; cat >/run/{name}.sh', input=script.encode())
    m.sh(f'setsid sh /run/{name}.sh </dev/null >/dev/null 2>&1 &')

    def ended():
        try:
            text = m.ssh(f'cat /run/{name}.out', timeout=15).stdout.decode()
        except Exception:	# noqa: BLE001: no connection for a while
            return None
        return text.endswith('done\n') and text
    return eventually(ended, f'{name}.sh', seconds=60, step=1)


@test
def dhcp_renews_and_releases(m):
    out = detached(m, 'dhcp', DHCP_SCRIPT)
    check(out == 'begin 10.0.2.15/24 1\nrenewed 10.0.2.15/24 1\nreleased  0\nagain 10.0.2.15/24 1\ndone\n', out)
    log = m.sh('cat /var/log/services /var/log/messages')
    check(re.search(r'udhcpc: lease of 10\.0\.2\.15 obtained', log) or 'lease of 10.0.2.15' in log, log[-600:])


@test
def addresses_from_a_file(m):
    out = detached(m, 'static', STATIC_SCRIPT)
    during, after = out.split('after\n')
    for pattern in r'inet 10\.0\.2\.77/24', r'inet6 2001:db8:7::77/64', r'default via 10\.0\.2\.2', r'default via fe80::2', r'nameserver 10\.0\.2\.4', r'ping 0':
        check(re.search(pattern, during), f'{pattern}: {out}')
    check('udhcpc runs' not in out and '10.0.2.15/24' not in during.split('ping')[0], out)
    check('10.0.2.15/24' in after and '10.0.2.77' not in after and '2001:db8:7::77' not in after, out)


@test
def router_advertisements_give_an_address(m):
    """QEMU's user network announces fec0::/64."""
    out = eventually(lambda: (t := m.sh('ip -6 addr show eth0; ip -6 route')) and 'fec0::' in t and t, 'an address')
    mac = m.sh('cat /sys/class/net/eth0/address').split(':')
    check(mac, mac)
    check(re.search(r'inet6 fec0::5054:ff:fe12:3456/64 scope site', out), out)
    check(re.search(r'default via fe80::2 dev eth0', out) and re.search(r'^fec0::/64 dev eth0', out, re.M), out)
    check(m.ssh('ping -6 -c 1 -W 5 fec0::2').returncode == 0)
