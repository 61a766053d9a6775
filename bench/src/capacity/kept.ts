import { CAPACITY_FOLDER, capacityPage, STUDIES } from './capacity-page.ts'
import { KeptPage } from './kept-page.ts'

/** docs/capacity.md, and docs/capacity. */
export const CAPACITY = new KeptPage(CAPACITY_FOLDER, STUDIES, capacityPage)
