import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GROWTH_STUDIES } from './growth-studies.ts'
import { readStudyOptions, type StudyCommand, studyHelp } from './study-options.ts'

const command: StudyCommand<'sessions'> = {
  ...{ name: 'bench:it', what: 'Measures it.', studies: GROWTH_STUDIES, rounds: 3, seconds: 1 },
  numbers: { sessions: { standard: 500, help: 'most sessions' } },
  flags: { page: 'writes the page' },
}

describe('options of a command that measures studies', () => {
  test('measure everything and write the page, unless told otherwise', () => {
    const { only, rounds, seconds, write, numbers, flags } = readStudyOptions(command, [])
    assert.deepEqual({ rounds, seconds, write, numbers }, { rounds: 3, seconds: 1, write: true, numbers: { sessions: 500 } })
    assert.deepEqual(
      only,
      GROWTH_STUDIES.map(({ id }) => id),
    )
    assert.equal(flags.size, 0)
  })

  test('choose by id, take numbers and flags of their own, and leave the page alone', () => {
    const { only, numbers, write, flags } = readStudyOptions(command, ['--only', 'idle,active', '--sessions', '7', '--no-write', '--page'])
    assert.deepEqual([only, numbers, write, [...flags]], [['idle', 'active'], { sessions: 7 }, false, ['page']])
  })

  test('refuse an id that is none, and a number that is none', () => {
    assert.throws(() => readStudyOptions(command, ['--only', 'idle,idel']), /--only names idel: expected some of .*channels/)
    assert.throws(() => readStudyOptions(command, ['--sessions', '0']), /--sessions is 0/)
    assert.throws(() => readStudyOptions(command, ['--seconds', 'x']), /--seconds is x/)
  })

  test('are all named by the help, with what they are by default', () => {
    const help = studyHelp(command)
    for (const part of ['npm run bench:it', 'upkeep', '--rounds <n>', '(3)', '--sessions <n>', '(500)', '--page', '--no-write'])
      assert.ok(help.includes(part), part)
  })
})
