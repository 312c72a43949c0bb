import { openStore } from '@sheafdb/core'
import { graph } from '@sheafdb/graph'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
