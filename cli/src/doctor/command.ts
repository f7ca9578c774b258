import { Command } from 'commander';
import { diagnose } from '@keybin/shared/engines/open-engine.js';
import { silentLog } from '@keybin/shared/process/log.js';
import type { Diagnosis } from '@keybin/shared/ports/operations.js';
import type { Context } from '../command/context.js';
import { diagnoseNames } from './names.js';
import { diagnoseSettings } from './settings.js';

export function doctorCommand({ config, configFile, environment, answer, fail }: Context): Command {
  return new Command('doctor')
    .description(
      'checks everything that the service needs, and says how to fix each problem; exits with 1 if there is one',
    )
    .action(async () => {
      const settings = config();
      const own = diagnoseSettings(settings, configFile(), environment);
      const findings = [...own, ...(await diagnose(settings, silentLog())), ...(await diagnoseNames(settings))];
      answer({ json: { findings }, text: findings.map(lineOf).join('\n') });
      if (findings.some(({ state }) => state === 'problem')) fail();
    });
}

const lineOf = ({ check, state, says, remedy }: Diagnosis) =>
  `${state.padEnd(7)}  ${check}: ${says}${remedy === undefined ? '' : `\n         → ${remedy}`}`;
