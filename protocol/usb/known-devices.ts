/**
 * USB devices by ids and strings. Ids of bridge chips and of examples are shared by strangers: 10c4:ea60, 0403:6001,
 * 0403:6014, 0403:6015, 067b:2303, 0483:5740 and c0de:cafe identify nothing by themselves. Source: hardware reference 16.
 */
import type { DeviceFamily, KnownUsbDevice, UsbPort, UsbProof } from './device.ts';

const ONE_PORT: readonly UsbPort[] = [{ role: 'asic', interfaceNumber: 0 }];
/** CDC-ACM takes two interfaces per port. */
const CONTROL_AND_ASIC: readonly UsbPort[] = [{ role: 'control', interfaceNumber: 0 }, { role: 'asic', interfaceNumber: 2 }];
const ASIC_AND_TELEMETRY: readonly UsbPort[] = [{ role: 'asic', interfaceNumber: 0 }, { role: 'telemetry', interfaceNumber: 1 }];

interface Line {
  readonly manufacturers?: readonly string[];
  readonly product?: string;
  readonly family?: DeviceFamily;
  readonly ports?: readonly UsbPort[];
  readonly node?: KnownUsbDevice['node'];
  readonly note?: string;
}

function device(key: string, title: string, ids: `${string}:${string}`, proof: UsbProof, line: Line): KnownUsbDevice {
  const [vendorId, productId] = ids.split(':') as [string, string];
  return {
    key, title, vendorId, productId, proof,
    manufacturers: line.manufacturers ?? null,
    product: line.product ?? null,
    family: line.family ?? null,
    ports: line.ports ?? ONE_PORT,
    node: line.node ?? (line.ports?.length === 0 ? 'usb' : 'tty'),
    note: line.note ?? null,
  };
}

const GEKKO = ['GekkoScience', 'bitshopperde'];
const NEEDS_LIBUSB = 'reset needs the bit-bang mode of the FTDI bridge, which a tty does not offer';
const OLD = 'made before 2016: no driver';
const SCRYPT = 'mines scrypt, not SHA-256d';

export const KNOWN_USB_DEVICES: readonly KnownUsbDevice[] = [
  device('bitaxe-raw', 'Bitaxe with bitaxe-raw firmware', 'c0de:cafe', 'strings', { manufacturers: ['OSMU'], product: 'Bitaxe', family: 'bitaxe-raw', ports: CONTROL_AND_ASIC }),
  device('bitaxe-bonanza', 'Bitaxe Bonanza with bitaxe-raw firmware', 'c0de:cafe', 'strings', { product: 'BitaxeBonanza', ports: CONTROL_AND_ASIC, note: 'its ASICs are not BM13xx: control port only' }),
  device('birds', 'BIRDS', 'c0de:b17d', 'ids', { ports: CONTROL_AND_ASIC, note: 'its data port has 9-bit bytes and its ASICs are not BM13xx' }),
  device('emberone-00', 'EmberOne 00 (12 x BM1362)', '1209:256f', 'strings', { manufacturers: ['256F'], product: 'EmberOne00', family: 'bitaxe-raw', ports: CONTROL_AND_ASIC }),

  device('compac', 'GekkoScience Compac (BM1384)', '10c4:ea60', 'strings', { manufacturers: GEKKO, product: 'Compac BM1384 Bitcoin Miner', family: 'gekko' }),
  device('2pac', 'GekkoScience 2Pac (2 x BM1384)', '10c4:ea60', 'strings', { manufacturers: GEKKO, product: '2Pac BM1384 Bitcoin Miner', family: 'gekko' }),
  device('terminus-r5', 'GekkoScience Terminus R5 (BM1384)', '10c4:ea60', 'strings', { manufacturers: GEKKO, product: 'Terminus BM1384 Bitcoin Miner', family: 'gekko' }),
  device('newpac', 'GekkoScience NewPac (2 x BM1387)', '0403:6015', 'strings', { manufacturers: GEKKO, product: 'NewPac Bitcoin Miner', family: 'gekko' }),
  device('r606', 'GekkoScience R606 (12 x BM1387)', '0403:6015', 'strings', { manufacturers: GEKKO, product: 'R606 Bitcoin Miner', family: 'gekko' }),
  device('compacf', 'GekkoScience CompacF (BM1397)', '0403:6015', 'strings', { manufacturers: GEKKO, product: 'CompacF Bitcoin Miner', family: 'gekko', note: NEEDS_LIBUSB }),
  device('r909', 'GekkoScience R909 (6 x BM1397)', '0403:6015', 'strings', { manufacturers: GEKKO, product: 'R909 Bitcoin Miner', family: 'gekko', note: NEEDS_LIBUSB }),
  device('compac-a1', 'GekkoScience Compac A1 (BM1362)', '10c4:ea70', 'strings', { manufacturers: ['Silicon Labs'], product: 'GekkoScience Compac A1', family: 'gekko', ports: ASIC_AND_TELEMETRY }),
  device('terminus-a1', 'GekkoScience Terminus A1 (BM1362)', '10c4:ea70', 'strings', { manufacturers: ['Silicon Labs'], product: 'GekkoScience Terminus A1', family: 'gekko', ports: ASIC_AND_TELEMETRY }),
  device('compac-a2', 'GekkoScience Compac A2 (BM1370)', '10c4:ea70', 'strings', { manufacturers: ['Silicon Labs'], product: 'GekkoScience Compac A2', family: 'gekko', ports: ASIC_AND_TELEMETRY }),
  device('terminus-a2', 'GekkoScience Terminus A2 (BM1370)', '10c4:ea70', 'strings', { manufacturers: ['Silicon Labs'], product: 'GekkoScience Terminus A2', family: 'gekko', ports: ASIC_AND_TELEMETRY }),
  device('mcp2210', 'GekkoScience Clarke (GSK) or NanoFury', '04d8:00de', 'probe', { manufacturers: ['Microchip Technology Inc.'], product: 'MCP2210 USB to SPI Master', ports: [], node: 'hidraw', note: 'Bitfury over an SPI bridge: no driver' }),

  device('block-erupter', 'ASICMINER Block Erupter USB', '10c4:ea60', 'probe', { manufacturers: ['Silicon Labs'], product: 'CP2102 USB to UART Bridge Controller', family: 'icarus' }),
  device('antminer-u', 'Antminer U1, U2 or U3', '10c4:ea60', 'probe', { manufacturers: ['Silicon Labs'], family: 'icarus' }),
  device('rockminer', 'Rockminer R-BOX or T1', '10c4:ea60', 'probe', { manufacturers: ['Silicon Labs'], family: 'icarus' }),
  device('be200', 'Block Erupter Tube or Prisma (BE200)', '10c4:ea60', 'probe', { manufacturers: ['Silicon Labs'], note: OLD }),
  device('flow-bzm2', 'flow bzm2', '10c4:ea60', 'strings', { manufacturers: ['Silicon Labs'], product: 'VoltLink CP2102N USB to UART', note: 'no driver for its ASICs' }),
  device('zeusminer', 'ZeusMiner or FutureBit Moonlander 2', '10c4:ea60', 'probe', { note: SCRYPT }),
  device('icarus-pl2303', 'Icarus FPGA or Avalon 2', '067b:2303', 'probe', { family: 'icarus' }),
  device('icarus-lpc', 'Icarus with LPC bridge', '1fc9:0083', 'probe', { family: 'icarus' }),
  device('lancelot', 'Lancelot FPGA, Avalon 1, BitBurner or HashRatio', '0403:6001', 'probe', { product: 'FT232R USB UART', family: 'icarus' }),
  device('bfl-sc', 'Butterfly Labs BitFORCE SC', '0403:6014', 'strings', { product: 'BitFORCE SHA256 SC', note: OLD }),
  device('cairnsmore1', 'Cairnsmore1', '0403:6014', 'strings', { product: 'Cairnsmore1', note: OLD }),
  device('cairnsmore1-8350', 'Cairnsmore1', '0403:8350', 'ids', { product: 'Cairnsmore1', note: OLD }),
  device('cairnsmore1-pl', 'Cairnsmore1', '067b:0230', 'probe', { note: OLD }),
  device('dualminer', 'DualMiner', '0403:6010', 'probe', { note: OLD }),
  device('gridseed', 'GridSeed GC3355', '0483:5740', 'probe', { note: SCRYPT }),

  device('avalon-auc', 'Avalon AUC, AUC2 or AUC3', '29f1:33f2', 'ids', { product: 'USB2IIC Converter', ports: [], note: OLD }),
  device('avalon-nano', 'Avalon nano stick (A3233)', '29f1:33f3', 'ids', { product: 'Avalon nano', ports: [], note: 'no serial port: no driver. Avalon Nano 3 and 3S are network miners' }),
  device('avalon4-mini', 'Avalon4 mini', '29f1:40f1', 'ids', { product: 'Avalon4 mini', ports: [], note: OLD }),
  device('bifury', 'BiFury', '198c:b1f1', 'strings', { product: 'bi?fury', note: OLD }),
  device('onestring', 'OneString', '198c:b1f1', 'strings', { product: 'OneString', note: OLD }),
  device('bf1', 'BF1 RedFury or BlueFury', '03eb:204b', 'strings', { product: 'Bitfury BF1', note: OLD }),
  device('drillbit', 'Drillbit Thumb or Eight', '03eb:2404', 'strings', { manufacturers: ['Drillbit Systems'], note: OLD }),
  device('klondike', 'Klondike', '04d8:f60a', 'ids', { ports: [], note: OLD }),
  device('hashbuster', 'HashBuster USB', 'fa05:0001', 'ids', { ports: [], note: OLD }),
  device('hashfast', 'HashFast', '297c:0001', 'ids', { ports: [], note: OLD }),
  device('hashfast-boot', 'HashFast in its boot loader', '297c:8001', 'ids', { ports: [], note: OLD }),
  device('cointerra', 'CoinTerra', '1cbe:0003', 'ids', { ports: [], note: OLD }),
  device('antminer-s1', 'Antminer S1 or S3 internal board', '4254:4153', 'ids', { ports: [], note: OLD }),
  device('modminer', 'ModMiner Quad', '1fc9:0003', 'probe', { note: OLD }),
  device('ztex', 'ZTEX FPGA', '221a:0100', 'ids', { ports: [], note: OLD }),

  device('ft230x', 'bare hash board on an FT230X adapter', '0403:6015', 'probe', { manufacturers: ['FTDI'], product: 'FT230X Basic UART', family: 'bm13xx-serial', note: 'only when it is configured by name' }),
  device('esp32-console', 'ESP32-S3 console of a Bitaxe, NerdAxe or NerdMiner', '303a:1001', 'probe', { manufacturers: ['Espressif'], product: 'USB JTAG/serial debug unit', note: 'prints logs only, and opening it may reset the board: use its network interface' }),
  device('ch340', 'CH340 bridge of many NerdMiners', '1a86:7523', 'probe', { manufacturers: ['QinHeng'], product: 'USB Serial', note: 'prints logs only' }),
];
