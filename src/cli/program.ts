import { Command } from 'commander';
import { addApprovalCommands } from './commands/approvals';
import { addAuditCommands } from './commands/audit';
import { addBudgetCommands } from './commands/budget';
import { addCodecServerCommand } from './commands/codec-server';
import { addCycleCommands } from './commands/cycle';
import { addDemoTargetCommand } from './commands/demo-target';
import { addDevCommand } from './commands/dev';
import { addDiscussCommand } from './commands/discuss';
import { addIngestCommand } from './commands/ingest';
import { addFamilyCommands } from './commands/families';
import { addInitCommand } from './commands/init';
import { addJudgeCommands } from './commands/judge';
import { addKeyCommands } from './commands/keys';
import { addMigrateCommands } from './commands/migrate';
import { addModeCommands } from './commands/mode';
import { addPolicyCommands } from './commands/policy';
import { addRecordCommands } from './commands/records';
import { addReportCommand } from './commands/report';
import { addScheduleCommands } from './commands/schedule';
import { addServiceCommands } from './commands/service';
import { addStateCommands } from './commands/state';
import { addMemoryCommands } from './commands/memory';
import { addTraceCommands } from './commands/traces';
import { addToolCommands } from './commands/tools';
import { columnsOf, type CliContext } from './context';

const MAX_HELP_COLUMNS = 110;

const EPILOGUE = `
Settings come from the command line, then the environment, then .env, then tinman.yaml (tinman init writes one).

Exit codes: 0 ok · 1 failed · 2 wrong usage or configuration · 3 API, database or Temporal cannot be reached

Examples:
  tinman dev                                 everything on this machine, with a first research cycle
  tinman cycle start --focus "tool use" --watch
  tinman failures list --filter severity=S3
  tinman approvals approve ID --reason "looked at it"`;

/** The whole command line. */
export function createProgram(context: CliContext, version: string): Command {
  const program = new Command('tinman')
    .description('A research agent that finds how an LLM system fails before its users do.')
    .version(version)
    .option('--json', 'write one JSON document to standard output, and nothing else there')
    .option('--config <path>', 'configuration file (default tinman.yaml, where there is one)')
    .option('--url <url>', 'where the API is (default TINMAN_URL, else the configured port on this machine)')
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: Math.min(columnsOf(context.stdout), MAX_HELP_COLUMNS),
    })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .showSuggestionAfterError()
    .addHelpText('after', EPILOGUE)
    .exitOverride();
  addInitCommand(program, context);
  addDevCommand(program, context);
  addServiceCommands(program, context);
  addMigrateCommands(program, context);
  addKeyCommands(program, context);
  addCycleCommands(program, context);
  addScheduleCommands(program, context);
  addApprovalCommands(program, context);
  addRecordCommands(program, context);
  addFamilyCommands(program, context);
  addAuditCommands(program, context);
  addToolCommands(program, context);
  addStateCommands(program, context);
  addModeCommands(program, context);
  addJudgeCommands(program, context);
  addBudgetCommands(program, context);
  addPolicyCommands(program, context);
  addDemoTargetCommand(program, context);
  addIngestCommand(program, context);
  addMemoryCommands(program, context);
  addTraceCommands(program, context);
  addReportCommand(program, context);
  addDiscussCommand(program, context);
  addCodecServerCommand(program, context);
  return program;
}
