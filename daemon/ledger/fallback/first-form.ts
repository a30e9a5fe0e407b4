import { isObject } from '../../../protocol/common/json.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import { instantOf, typeOfId } from '../entries.ts';
import type { KeptEntry } from './kept-entry.ts';

/**
 * Reads what the ledger's first form left in `Backup_Logs` and `Emergency_Logs`: `{time, path, reason, data}`. The type
 * of the entry is in its id, its hour in its timestamp, its component in the name of the folder or log.
 * @param component as it stands in the path
 * @throws Error with what is wrong
 */
export function decodeFirstForm(value: unknown, component: string, brainstem: Pick<Brainstem, 'bucketOf' | 'zoneOffset' | 'componentFolder'>): KeptEntry {
  if (!isObject(value) || !isObject(value.data)) throw new Error('it is not an entry of the ledger');
  const { time, path, reason, data } = value;
  const kind = typeOfId(data.id);
  if (kind === null) throw new Error('its id does not tell what it is');
  const keptAt = instantOf(time);
  const at = instantOf(data.timestamp) ?? keptAt;
  if (at === null) throw new Error('it has no time');
  const record = { at, zone: brainstem.zoneOffset(at), kind, category: categoryOf(component, brainstem), bucket: brainstem.bucketOf(at), id: String(data.id), entryText: JSON.stringify(data) };
  return { order: keptAt ?? at, time: String(time), path: String(path), reason: String(reason), record };
}

/** The id of a component whose folder has this name: in all blueprints so far its folder in small letters. */
function categoryOf(folder: string, brainstem: Pick<Brainstem, 'componentFolder'>): string {
  const id = folder.toLowerCase();
  try {
    return brainstem.componentFolder(id) === folder ? id : folder;
  } catch {
    return folder;
  }
}
